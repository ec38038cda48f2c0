//! What leaves a row hangs below it, on a wire that begins right after the item that is left.
//!
//! Each hangs to the right of its wire. One whose room reaches below a later wire is lower than what hangs there, so no wire
//! meets what hangs on another one. Where the page ends, what hangs on the last wire is to the left of it, below the others.

use super::measure::{Context, Row};
use super::panel::Panel;

/// How far after an item its wire begins: within the frame of its stage.
const BESIDE: f32 = 3.5;
/// Between the wire and what hangs to the right of it.
const HANG: f32 = 12.0;
/// Between a row and what hangs below it, and between that.
const APART: f32 = 12.0;
/// Between a wire that comes from the right and what it leads to.
const ROUND: f32 = 8.0;

/// What leaves a row.
#[derive(Default)]
pub(super) struct Exits<'a> {
    pub(super) hung: Vec<Hung<'a>>,
    /// How far it reaches to the right and down.
    pub(super) right: f32,
    pub(super) bottom: f32,
}

/// What leaves a row, with its upper left corner. Coordinates count from the row's beginning, on its base line.
pub(super) struct Hung<'a> {
    pub(super) panel: Panel<'a>,
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) wire: Vec<[f32; 2]>,
}

/// A wire, by its place along the row, and what hangs on it.
type Hanging<'a> = (f32, Vec<Panel<'a>>);

impl<'a> Exits<'a> {
    /// Below a row whose items have their places.
    pub(super) fn new(row: &Row<'a>, context: Context) -> Self {
        let hanging = || -> Vec<Hanging<'a>> {
            let left = row.cells.iter().filter(|cell| !cell.item.exits.is_empty());
            left.map(|cell| {
                let panels = cell.item.exits.iter().map(|exit| Panel::exit(exit, context)).collect();
                (cell.x + cell.width + BESIDE, panels)
            })
            .collect()
        };
        let top = row.down + APART;
        let mut exits = Self::default();
        exits.hang(hanging(), top);
        if exits.right <= context.most {
            return exits;
        }
        let mut others = hanging();
        let Some((last, panels)) = others.pop() else { return exits };
        let mut turned = Self::default();
        turned.hang(others, top);
        if turned.right + HANG > last {
            return exits;
        }
        turned.hang_left(last, panels, top, context.most);
        turned
    }

    /// To the right of each wire.
    fn hang(&mut self, hanging: Vec<Hanging<'a>>, top: f32) {
        for (at, panels) in hanging.into_iter().rev() {
            for panel in panels {
                let x = at + HANG;
                let under = self.hung.iter().filter(|hung| hung.x - HANG < x + panel.width + APART);
                let y = under.map(|hung| hung.y + hung.panel.height + APART).fold(top, f32::max);
                let [enters, line] = panel.entry();
                let wire = vec![[at, 0.0], [at, y + line], [x + enters, y + line]];
                self.put(Hung { panel, x, y, wire });
            }
        }
    }

    /// To the left of the last wire, below all others.
    fn hang_left(&mut self, at: f32, panels: Vec<Panel<'a>>, top: f32, most: f32) {
        let widest = panels.iter().map(|panel| panel.width).fold(0.0, f32::max);
        let x = (most - widest).min(at + HANG).max(ROUND + 2.0);
        let lane = if self.hung.is_empty() { top } else { self.bottom + APART };
        let mut y = lane + ROUND;
        for panel in panels {
            let [enters, line] = panel.entry();
            let [side, line] = [x - ROUND, y + line];
            let wire = vec![[at, 0.0], [at, lane], [side, lane], [side, line], [x + enters, line]];
            let height = panel.height;
            self.put(Hung { panel, x, y, wire });
            y += height + APART;
        }
    }

    fn put(&mut self, hung: Hung<'a>) {
        self.right = self.right.max(hung.x + hung.panel.width);
        self.bottom = self.bottom.max(hung.y + hung.panel.height);
        self.hung.push(hung);
    }
}

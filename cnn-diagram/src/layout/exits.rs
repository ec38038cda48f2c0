//! What leaves a row hangs below it, on a wire that begins right after the item that is left.
//!
//! Each panel hangs to the right of its wire. A panel that extends below a later wire goes lower than what hangs there, so no
//! wire crosses a panel of another. If the page is too narrow, what hangs on the last wire goes to its left, below the others.

use super::row::{Exits, Hung, Panel, Row};
use crate::model::Item;

/// The distance from an item to its wire, which begins within the frame of the item's stage.
const AFTER: f32 = 3.5;
/// Between the wire and what hangs to its right.
const HANG: f32 = 12.0;
/// Between a row and what hangs below it, and between panels.
const APART: f32 = 12.0;
/// Between a wire from the right and the panel that it leads to.
const ROUND: f32 = 8.0;

/// A wire, by its place along the row, and what hangs on it.
type Hanging<'a> = (f32, Vec<Panel<'a>>);

impl<'a> Exits<'a> {
    /// Hangs what leaves below a row whose items have their places. `panels` measures what leaves an item.
    pub(super) fn new(row: &Row<'a>, panels: impl Fn(&'a Item) -> Vec<Panel<'a>>, most: f32) -> Self {
        let hanging = || -> Vec<Hanging<'a>> {
            let left = row.cells.iter().filter(|cell| !cell.item.exits.is_empty());
            left.map(|cell| (cell.x + cell.width + AFTER, panels(cell.item))).collect()
        };
        let top = row.down + APART;
        let mut exits = Self::default();
        exits.hang(hanging(), top);
        if exits.right <= most {
            return exits;
        }
        let mut others = hanging();
        let Some((last, panels)) = others.pop() else { return exits };
        let mut turned = Self::default();
        turned.hang(others, top);
        if turned.right + HANG > last {
            return exits;
        }
        turned.hang_left(last, panels, top, most);
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

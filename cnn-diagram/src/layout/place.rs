//! Puts rows and panels at a point: what was measured becomes a scene.

use super::boxes::{Line, letter_width};
use super::measure::{FORK, join_extent};
use super::panel::{PAD, ROWS};
use super::row::{Cell, CellForm, Hung, Lane, Panel, Row};
use super::{BAR, Form, FrameStyle, Framed, LETTER, Placed, RADIUS, Rect, Scene, Wire, Word};
use crate::model::Letter;
use crate::theme::Kind;

/// Where branches part, after the beginning of a merge.
const PART: f32 = FORK / 2.0 - 2.0;

impl<'a> Scene<'a> {
    /// Puts a row where its base line begins; returns the point where it ends.
    pub(super) fn place(&mut self, row: Row<'a>, x: f32, y: f32) -> [f32; 2] {
        let end = x + row.width;
        for (across, down, label) in row.frames {
            let rect = Rect {
                x: x + across.start,
                y: y + down.start,
                width: across.end - across.start,
                height: down.end - down.start,
            };
            self.reach(rect.right(), rect.bottom());
            self.frame(rect, vec![Line::small(label.to_owned())], FrameStyle::Stage, String::new());
        }
        self.words.extend(row.words.into_iter().map(|(at, above, text)| Word { x: x + at, y: y + above, text }));
        let mut from: Option<f32> = None;
        for cell in row.cells {
            let to = x + cell.x;
            if let Some(from) = from {
                self.wire([[from, y], [to, y]], matches!(cell.form, CellForm::Box(_)));
            }
            from = Some(to + cell.width);
            self.place_cell(cell, to, y);
        }
        if let Some(from) = from.filter(|from| row.goes_on && *from < end) {
            self.wire([[from, y], [end, y]], false);
        }
        for Hung { panel, x: right, y: down, wire } in row.exits.hung {
            if !panel.rows.first().is_some_and(Row::begins_elsewhere) {
                let points = wire.into_iter().map(|[along, below]| [x + along, y + below]).collect();
                self.wires.push(Wire { points, arrow: panel.begins_with_a_box(), dashed: panel.is_dashed() });
            }
            self.place_panel(panel, x + right, y + down);
        }
        self.reach(end, y + row.down);
        [end, y]
    }

    /// Puts a panel with its upper left corner at a point; returns the point where its chain ends.
    pub(super) fn place_panel(&mut self, panel: Panel<'a>, x: f32, top: f32) -> [f32; 2] {
        let rect = Rect { x, y: top, width: panel.width, height: panel.height };
        let [left, mut y] = panel.inside();
        (y, self.size) = (y + top, [self.size[0].max(rect.right()), self.size[1].max(rect.bottom())]);
        let (left, right) = (x + left, rect.right() - PAD);
        // The frame is filled, so it comes before the frames in it.
        if let Some(style) = panel.style {
            self.frame(rect, panel.label, style, panel.title);
        }
        let mut end: Option<[f32; 2]> = None;
        for row in panel.rows {
            let base = y + row.up;
            if let Some([from, at]) = end {
                let (entry, arrow) = ([left + row.entry(), base], row.begins_with_a_box());
                let (gutter, lane, side) = (right + PAD / 2.0, y - ROWS / 2.0, x + PAD / 2.0 + 2.0);
                self.wire([[from, at], [gutter, at], [gutter, lane], [side, lane], [side, base], entry], arrow);
            }
            let down = row.down;
            end = Some(self.place(row, left, base));
            y = base + down + ROWS;
        }
        end.unwrap_or([left, y])
    }

    fn frame(&mut self, rect: Rect, label: Vec<Line>, style: FrameStyle, title: String) {
        self.frames.push(Framed { rect, label, style, title });
    }

    fn place_cell(&mut self, cell: Cell<'a>, x: f32, y: f32) {
        match cell.form {
            CellForm::Box(face) => {
                let rect = Rect { x, y: y - cell.up, width: cell.width, height: cell.up + cell.down };
                let front = face.front(rect);
                let letters = &cell.item.letters;
                let total: f32 = letters.iter().map(|letter| letter_width(letter) + 2.0).sum::<f32>() - 2.0;
                let start = [front.middle()[0] - total / 2.0, front.bottom() - LETTER - 4.0];
                let letters = row_of_letters(letters, start);
                self.nodes.push(Placed { item: cell.item, rect, form: Form::Box(face), letters });
            }
            CellForm::Merge { kind, lanes, join } => {
                let [from, to] = join_extent(&lanes);
                let join = x + join;
                let (rect, form) = if kind == Kind::Concat {
                    (Rect { x: join, y: y + from, width: BAR, height: to - from }, Form::Bar)
                } else {
                    let side = 2.0 * RADIUS;
                    (Rect { x: join, y: y - RADIUS, width: side, height: side }, Form::Circle(kind))
                };
                for lane in lanes {
                    self.place_lane(lane, x, y, rect);
                }
                let letters = row_of_letters(&cell.item.letters, [rect.right() + 2.0, y - LETTER / 2.0]);
                self.reach(rect.right(), rect.bottom());
                self.nodes.push(Placed { item: cell.item, rect, form, letters });
            }
        }
    }

    /// A branch, from where a merge begins to where it is joined.
    fn place_lane(&mut self, lane: Lane<'a>, x: f32, y: f32, join: Rect) {
        let base = y + lane.y;
        let (mut enters, mut begins) = (None, None);
        if let Some(row) = lane.row {
            let start = x + lane.x;
            enters = (!row.begins_elsewhere()).then(|| (start + row.entry(), row.begins_with_a_box()));
            begins = Some(self.place(row, start, base)[0]);
        }
        let part = || if lane.y == 0.0 { vec![[x, y]] } else { vec![[x, y], [x + PART, y], [x + PART, base]] };
        if let Some((to, arrow)) = enters {
            let mut points = part();
            points.push([to, base]);
            self.wire(points, arrow);
        }
        let middle = join.middle()[0];
        // A bar is as high as all lanes together; a circle is entered from the lane's side.
        let is_bar = join.width == BAR;
        let mut points = begins.map_or_else(part, |from| vec![[from, base]]);
        match lane.y {
            height if height == 0.0 || is_bar => points.push([join.x, base]),
            height => {
                let side = if height < 0.0 { join.y } else { join.bottom() };
                points.extend([[middle, base], [middle, side]]);
            }
        }
        self.wire(points, true);
    }

    pub(super) fn wire(&mut self, points: impl Into<Vec<[f32; 2]>>, arrow: bool) {
        self.wires.push(Wire { points: points.into(), arrow, dashed: false });
    }

    pub(super) fn reach(&mut self, x: f32, y: f32) {
        self.size = [self.size[0].max(x), self.size[1].max(y)];
    }
}

fn row_of_letters(letters: &[Letter], [mut x, y]: [f32; 2]) -> Vec<(&Letter, Rect)> {
    let placed = letters.iter().map(|letter| {
        let rect = Rect { x, y, width: letter_width(letter), height: LETTER };
        x += rect.width + 2.0;
        (letter, rect)
    });
    placed.collect()
}

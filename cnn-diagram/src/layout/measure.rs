//! How wide and how high chains and merges are.

use std::ops::Range;

use cnn_runtime::op::Shape;

use super::boxes::{Face, letters_width};
use super::{BAR, GAP, LETTER, RADIUS, SMALL};
use crate::Detail;
use crate::model::{Chain, Item, Span, What};
use crate::text::width;
use crate::theme::Kind;

/// Between the edge of a frame and what is in it.
const FRAME: f32 = 7.0;
/// Height of a frame's label.
pub(super) const FRAME_HEAD: f32 = 14.0;
/// Before branches, where they part, and behind them, where they meet.
pub(super) const FORK: f32 = 20.0;
const JOIN: f32 = 20.0;
/// Between lanes.
const LANE: f32 = 10.0;
/// Height of a lane that only skips.
const SKIP: f32 = 12.0;

/// A part of a chain, on one line. Coordinates count from its beginning, on the base line.
pub(super) struct Row<'a> {
    pub(super) cells: Vec<Cell<'a>>,
    pub(super) frames: Vec<(Range<f32>, Range<f32>, &'a str)>,
    /// Shapes beside wires: middle, base line, text.
    pub(super) words: Vec<(f32, f32, String)>,
    pub(super) width: f32,
    /// How far it reaches above and below the base line.
    pub(super) up: f32,
    pub(super) down: f32,
    /// The height of its blocks.
    pub(super) block: f32,
}

/// An item of a row.
pub(super) struct Cell<'a> {
    pub(super) item: &'a Item,
    pub(super) x: f32,
    pub(super) width: f32,
    pub(super) up: f32,
    pub(super) down: f32,
    pub(super) form: CellForm<'a>,
}

/// What an item is made of.
pub(super) enum CellForm<'a> {
    /// A rectangle.
    Box(Face),
    /// Lanes, and the kind of the join behind them, whose left edge is at `join`.
    Merge { kind: Kind, lanes: Vec<Lane<'a>>, join: f32 },
}

/// A branch.
pub(super) struct Lane<'a> {
    /// Its base line, below that of its merge.
    pub(super) y: f32,
    pub(super) x: f32,
    /// Nothing, if it only skips.
    pub(super) row: Option<Row<'a>>,
}

/// What a part of a chain stands in.
#[derive(Clone, Copy)]
pub(super) struct Context {
    pub(super) detail: Detail,
    /// The shape that comes in.
    pub(super) before: Span<Shape>,
    /// Whether a wire goes on behind the last item.
    pub(super) goes_on: bool,
    /// Whether that is a wire to where branches are joined.
    pub(super) in_branch: bool,
    /// A shape that is told behind the last item, and so not beside it.
    pub(super) told: Option<Span<Shape>>,
}

/// Measures some items of a chain.
pub(super) fn row<'a>(chain: &'a Chain, range: Range<usize>, context: Context) -> Row<'a> {
    let items = &chain.items[range.clone()];
    let mut shape = context.before;
    let mut cells: Vec<Cell<'a>> = Vec::with_capacity(items.len());
    for item in items {
        cells.push(cell(item, Context { before: shape, ..context }));
        shape = item.shape;
    }
    let block = cells.iter().filter_map(Cell::block).fold(0.0, f32::max);
    for cell in cells.iter_mut().filter(|cell| cell.block().is_some()) {
        (cell.up, cell.down) = (block / 2.0, block / 2.0);
    }
    let mut row = Row { cells, frames: Vec::new(), words: Vec::new(), width: 0.0, up: 0.0, down: 0.0, block };
    row.spread(chain, &range, context);
    row.enclose(chain, &range);
    row
}

impl Cell<'_> {
    /// The height that it needs as a rectangle.
    fn block(&self) -> Option<f32> {
        match &self.form {
            CellForm::Box(face) => Some(face.size[1]),
            CellForm::Merge { .. } => None,
        }
    }
}

impl<'a> Row<'a> {
    /// Where the first item begins.
    pub(super) fn entry(&self) -> f32 {
        self.cells.first().map_or(0.0, |cell| cell.x)
    }

    /// Whether a wire to it ends at a block, and not where branches part.
    pub(super) fn begins_with_a_box(&self) -> bool {
        self.cells.first().is_some_and(|cell| cell.block().is_some())
    }

    /// Gives cells their places along the line, and wires their shapes.
    fn spread(&mut self, chain: &Chain, range: &Range<usize>, context: Context) {
        let mut x = 0.0;
        let mut shape = context.before;
        let (mut ribbon_end, mut ribbon) = (f32::NEG_INFINITY, false);
        for at in 0..self.cells.len() {
            let index = range.start + at;
            let opened = chain.frames.iter().filter(|frame| frame.range.start == index).count();
            let inside = chain.frames.iter().filter(|frame| frame.range.contains(&index) && at == 0).count();
            x += FRAME * opened.max(inside) as f32;
            self.cells[at].x = x;
            x += self.cells[at].width;
            let last = at + 1 == self.cells.len();
            let closing =
                chain.frames.iter().filter(|f| f.range.end == index + 1 || (last && f.range.contains(&index)));
            let closing: Vec<f32> =
                closing.map(|frame| self.short_of(frame.range.start, range, &frame.label, x)).collect();
            x += FRAME * closing.len() as f32 + closing.iter().copied().fold(0.0, f32::max);
            let item = self.cells[at].item;
            let changed = item.shape != shape
                && context.detail == Detail::Full
                && (!last || (context.goes_on && context.told != Some(item.shape)));
            shape = item.shape;
            let text = changed.then(|| shape.to_string());
            let wide = text.as_ref().map_or(0.0, |text| width(text, SMALL));
            let boundary = closing.len() + chain.frames.iter().filter(|frame| frame.range.start == index + 1).count();
            let boxes =
                self.cells[at].block().is_some() && self.cells.get(at + 1).is_none_or(|next| next.block().is_some());
            // Between two blocks a shape stands above them, and takes no room if there is some; so it does behind the last
            // one of a branch, above that.
            let middle = if last { x + GAP - wide / 2.0 } else { x + GAP / 2.0 };
            let above = boxes && boundary == 0 && middle - wide / 2.0 > ribbon_end && (!last || context.in_branch);
            let gap = if last && !context.goes_on {
                0.0
            } else if above || !changed {
                GAP
            } else {
                wide + 10.0
            };
            if let Some(text) = text {
                let (middle, y) = if above { (middle, -self.block / 2.0 - 5.0) } else { (x + gap / 2.0, -4.0) };
                self.words.push((middle, y, text));
                if above {
                    ribbon_end = middle + wide / 2.0 + 4.0;
                    ribbon = true;
                }
            }
            x += if last && (!changed || above) { 0.0 } else { gap };
        }
        self.width = x;
        self.up = if ribbon { self.block / 2.0 + 5.0 + SMALL } else { 0.0 };
        self.down = 0.0;
    }

    /// How much wider a frame must be for its label.
    fn short_of(&self, start: usize, range: &Range<usize>, label: &str, x: f32) -> f32 {
        let first = start.max(range.start) - range.start;
        (width(label, SMALL) + 4.0 - (x - self.cells[first].x)).max(0.0)
    }

    /// Draws frames around cells, inner ones first.
    fn enclose(&mut self, chain: &'a Chain, range: &Range<usize>) {
        let ribbon = self.up;
        let mut up: Vec<f32> = self.cells.iter().map(|cell| cell.up.max(ribbon)).collect();
        let mut down: Vec<f32> = self.cells.iter().map(|cell| cell.down).collect();
        let mut sides = vec![[0.0, 0.0]; self.cells.len()];
        for frame in &chain.frames {
            let (start, end) = (frame.range.start.max(range.start), frame.range.end.min(range.end));
            if start >= end {
                continue;
            }
            let (first, last) = (start - range.start, end - 1 - range.start);
            let top = up[first..=last].iter().copied().fold(0.0, f32::max) + FRAME_HEAD + 2.0;
            let bottom = down[first..=last].iter().copied().fold(0.0, f32::max) + FRAME;
            up[first..=last].fill(top);
            down[first..=last].fill(bottom);
            sides[first][0] += FRAME;
            sides[last][1] += FRAME;
            let left = self.cells[first].x - sides[first][0];
            let mut right = self.cells[last].x + self.cells[last].width + sides[last][1];
            let label = width(&frame.label, SMALL) + 4.0 + 2.0 * FRAME;
            right = right.max(left + label);
            self.frames.push((left..right, -top..bottom, &frame.label));
        }
        self.up = up.into_iter().fold(0.0, f32::max);
        self.down = down.into_iter().fold(0.0, f32::max);
    }
}

/// Measures an item.
fn cell(item: &Item, context: Context) -> Cell<'_> {
    let face = match &item.what {
        What::Merge(kind, branches) => return merge(item, *kind, branches, context),
        What::Port(label) => Face::port(label),
        What::Layer(label) => Face::layer(label, item, context.detail),
        What::Unit(unit) => Face::unit(unit, item, context.detail),
    };
    Cell { item, x: 0.0, width: face.size[0], up: 0.0, down: 0.0, form: CellForm::Box(face) }
}

fn merge<'a>(item: &'a Item, kind: Kind, branches: &'a [Chain], context: Context) -> Cell<'a> {
    // Branches of a sum have its shape.
    let told = (kind != Kind::Concat && context.before != item.shape).then_some(item.shape);
    let context = Context { goes_on: true, in_branch: true, told, ..context };
    let rows =
        branches.iter().map(|chain| (!chain.items.is_empty()).then(|| row(chain, 0..chain.items.len(), context)));
    let mut lanes: Vec<Lane<'a>> = rows.map(|row| Lane { x: FORK, y: 0.0, row }).collect();
    let joins = kind == Kind::Concat;
    let (top, bottom) = stack(&mut lanes, joins);
    let widest = lanes.iter().filter_map(|lane| lane.row.as_ref()).map(|row| row.width).fold(GAP, f32::max);
    for lane in &mut lanes {
        if let Some(row) = &lane.row {
            // Branches of a sum stand in the middle; those of a concat end where they are joined.
            lane.x += if joins { widest - row.width } else { (widest - row.width) / 2.0 };
        }
    }
    let join = FORK + widest + JOIN;
    let size = if joins { BAR } else { 2.0 * RADIUS };
    let letters = if item.letters.is_empty() { 0.0 } else { letters_width(&item.letters) };
    let ends = if joins { LANE } else { RADIUS };
    Cell {
        item,
        x: 0.0,
        width: join + size + letters,
        up: (-top).max(ends).max(LETTER / 2.0),
        down: bottom.max(ends),
        form: CellForm::Merge { kind, lanes, join },
    }
}

/// Gives lanes their places above and below the base line; returns how far they reach.
fn stack(lanes: &mut [Lane<'_>], centred: bool) -> (f32, f32) {
    let (mut end, mut last) = (None, 0.0);
    for lane in lanes.iter_mut() {
        if let Some(row) = &lane.row {
            lane.y = end.map_or(0.0, |end| end + LANE + row.up);
            end = Some(lane.y + row.down);
            last = lane.y;
        }
    }
    let shift = if centred { last / 2.0 } else { 0.0 };
    let (mut top, mut bottom) = (f32::INFINITY, 0.0f32);
    for lane in lanes.iter_mut() {
        if let Some(row) = &lane.row {
            lane.y -= shift;
            top = top.min(lane.y - row.up);
            bottom = bottom.max(lane.y + row.down);
        }
    }
    for lane in lanes.iter_mut().filter(|lane| lane.row.is_none()) {
        // Without other branches, the first one is the base line.
        lane.y = if top.is_finite() { top - SKIP } else { 0.0 };
        top = lane.y;
    }
    (top - SKIP / 2.0, bottom)
}

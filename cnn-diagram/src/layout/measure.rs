//! How wide and how high chains, merges and what leaves them are.

use std::ops::Range;

use cnn_net::op::Shape;

use super::boxes::{Face, Line, letters_width};
use super::row::{Cell, CellForm, Exits, Lane, Panel, Row};
use super::{BAR, FrameStyle, GAP, RADIUS, SMALL};
use crate::model::{Chain, Exit, Frame, Item, What};
use crate::options::Detail;
use crate::text::{times, width, wrap};
use crate::theme::Kind;

/// Between the edge of a frame and its content.
const FRAME: f32 = 7.0;
/// Height of a frame's label.
pub(super) const FRAME_HEAD: f32 = 14.0;
/// Before branches, where they part, and after them, where they meet.
pub(super) const FORK: f32 = 20.0;
const JOIN: f32 = 20.0;
/// Between lanes.
const LANE: f32 = 10.0;
/// Half the height of a lane that only skips.
const SKIP: f32 = 1.0;
/// After the last item of a row, if something leaves there.
const LEAVE: f32 = 8.0;

/// The surroundings of a part of a chain.
#[derive(Clone, Copy)]
pub(super) struct Context {
    pub(super) detail: Detail,
    /// The shape that comes in; `None` where any shape is to be written.
    pub(super) before: Option<Shape>,
    /// Whether a wire continues after the last item.
    pub(super) goes_on: bool,
    /// Whether that wire leads to where branches are joined.
    pub(super) in_branch: bool,
    /// The shape that is written after the merge, and therefore not after the last item of a branch.
    pub(super) written: Option<Shape>,
    /// The greatest width of a row with what leaves it; infinite for a branch.
    pub(super) most: f32,
    /// The greatest width of a frame around what leaves.
    pub(super) panel: f32,
}

/// Measures some items of a chain.
pub(super) fn row<'a>(chain: &'a Chain, range: Range<usize>, context: Context) -> Row<'a> {
    let items = &chain.items[range.clone()];
    let mut shape = context.before;
    let mut cells: Vec<Cell<'a>> = Vec::with_capacity(items.len());
    for item in items {
        cells.push(cell(item, Context { before: shape, ..context }));
        shape = Some(item.shape);
    }
    let block = cells.iter().filter_map(Cell::block).fold(0.0, f32::max);
    for cell in cells.iter_mut().filter(|cell| cell.block().is_some()) {
        (cell.up, cell.down) = (block / 2.0, block / 2.0);
    }
    let mut row = Row {
        cells,
        frames: Vec::new(),
        words: Vec::new(),
        width: 0.0,
        up: 0.0,
        down: 0.0,
        block,
        exits: Exits::default(),
        goes_on: context.goes_on,
        edges: Vec::new(),
    };
    row.spread(chain, &range, context);
    row.enclose(chain, &range);
    let panels = |item: &'a Item| item.exits.iter().map(|leaving| exit(leaving, context)).collect();
    row.exits = Exits::new(&row, panels, context.most);
    row.width = row.width.max(row.exits.right);
    row.down = row.down.max(row.exits.bottom);
    row
}

impl<'a> Row<'a> {
    /// Places cells along the line, and writes shapes next to wires.
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
            let closing = self.close_frames(chain, range, at);
            x = self.edges.last().filter(|_| closing > 0).map_or(x, |(_, edge)| *edge);
            let item = self.cells[at].item;
            let changed = Some(item.shape) != shape
                && context.detail == Detail::Full
                && (!last || (context.goes_on && context.written != Some(item.shape)));
            shape = Some(item.shape);
            let text = changed.then(|| times(item.shape));
            let wide = text.as_ref().map_or(0.0, |text| width(text, SMALL));
            let boundary = closing + chain.frames.iter().filter(|frame| frame.range.start == index + 1).count();
            let boxes =
                self.cells[at].block().is_some() && self.cells.get(at + 1).is_none_or(|next| next.block().is_some());
            // Between two blocks, a shape is written above them and takes no room if it fits there; likewise above the last
            // block of a branch.
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
            let leaves = if last && !item.exits.is_empty() { LEAVE } else { 0.0 };
            x += if last && (!changed || above) { leaves } else { gap.max(leaves) };
        }
        self.width = x;
        self.up = if ribbon { self.block / 2.0 + 5.0 + SMALL } else { 0.0 };
        self.down = 0.0;
    }

    /// Sets the right edges of the frames that end at a cell, inner ones first, with room for labels; returns how many there are.
    fn close_frames(&mut self, chain: &Chain, range: &Range<usize>, at: usize) -> usize {
        let (index, last) = (range.start + at, at + 1 == self.cells.len());
        let frames = chain.frames.iter().enumerate();
        let closing = frames.filter(|(_, f)| f.range.end == index + 1 || (last && f.range.contains(&index)));
        let before = self.edges.len();
        let mut edge = self.cells[at].x + self.cells[at].width;
        for (number, frame) in closing {
            let label = width(&frame.label, SMALL) + 4.0 + 2.0 * FRAME;
            edge = (edge + FRAME).max(self.left_edge(chain, range, number) + label);
            self.edges.push((number, edge));
        }
        self.edges.len() - before
    }

    /// The left edge of a frame, which goes around those inside that begin at the same cell.
    fn left_edge(&self, chain: &Chain, range: &Range<usize>, number: usize) -> f32 {
        let start = |frame: &Frame| frame.range.start.max(range.start);
        let first = start(&chain.frames[number]);
        let here = |frame: &&Frame| start(frame) == first && frame.range.contains(&first);
        self.cells[first - range.start].x - FRAME * chain.frames[..=number].iter().filter(here).count() as f32
    }

    /// Draws frames around cells, inner ones first.
    fn enclose(&mut self, chain: &'a Chain, range: &Range<usize>) {
        let ribbon = self.up;
        let mut up: Vec<f32> = self.cells.iter().map(|cell| cell.up.max(ribbon)).collect();
        let mut down: Vec<f32> = self.cells.iter().map(|cell| cell.down).collect();
        for (number, frame) in chain.frames.iter().enumerate() {
            let (start, end) = (frame.range.start.max(range.start), frame.range.end.min(range.end));
            let Some((_, right)) = self.edges.iter().find(|(closed, _)| *closed == number) else { continue };
            let inside = start - range.start..end - range.start;
            let top = up[inside.clone()].iter().copied().fold(0.0, f32::max) + FRAME_HEAD + 2.0;
            let bottom = down[inside.clone()].iter().copied().fold(0.0, f32::max) + FRAME;
            up[inside.clone()].fill(top);
            down[inside].fill(bottom);
            self.frames.push((self.left_edge(chain, range, number)..*right, -top..bottom, &frame.label));
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
    // The branches of a sum have the shape of the sum.
    let written = (kind != Kind::Concat && context.before != Some(item.shape)).then_some(item.shape);
    let context = Context { goes_on: true, in_branch: true, written, most: f32::INFINITY, ..context };
    let rows =
        branches.iter().map(|chain| (!chain.items.is_empty()).then(|| row(chain, 0..chain.items.len(), context)));
    let mut lanes: Vec<Lane<'a>> = rows.map(|row| Lane { x: FORK, y: 0.0, row }).collect();
    let joins = kind == Kind::Concat;
    let (top, bottom) = stack(&mut lanes, joins);
    let widest = lanes.iter().filter_map(|lane| lane.row.as_ref()).map(|row| row.width).fold(GAP, f32::max);
    for lane in &mut lanes {
        if let Some(row) = &lane.row {
            // Branches of a sum are centred; those of a concat end where they are joined.
            lane.x += if joins { widest - row.width } else { (widest - row.width) / 2.0 };
        }
    }
    let join = FORK + widest + JOIN;
    let size = if joins { BAR } else { 2.0 * RADIUS };
    let letters = if item.letters.is_empty() { 0.0 } else { letters_width(&item.letters) };
    let [from, to] = if joins { join_extent(&lanes) } else { [-RADIUS, RADIUS] };
    Cell {
        item,
        x: 0.0,
        width: join + size + letters,
        up: -top.min(from),
        down: bottom.max(to),
        form: CellForm::Merge { kind, lanes, join },
    }
}

/// The vertical extent of the bar that joins lanes.
pub(super) fn join_extent(lanes: &[Lane<'_>]) -> [f32; 2] {
    let (mut from, mut to) = (-8.0f32, 8.0f32);
    for lane in lanes {
        let half = lane.row.as_ref().map_or(0.0, |row| row.block / 2.0).max(5.0);
        from = from.min(lane.y - half);
        to = to.max(lane.y + half);
    }
    [from, to]
}

/// Places lanes above and below the base line, in order; returns how far they reach.
fn stack(lanes: &mut [Lane<'_>], joins: bool) -> (f32, f32) {
    let reach = |lane: &Lane<'_>| lane.row.as_ref().map_or((SKIP, SKIP), |row| (row.up, row.down));
    let mut end: Option<f32> = None;
    for lane in lanes.iter_mut() {
        let (up, down) = reach(lane);
        lane.y = end.map_or(0.0, |end| end + LANE + up);
        end = Some(lane.y + down);
    }
    // The base line is that of the first branch with layers or, for a concat, the middle of those with layers.
    let mut full = lanes.iter().filter(|lane| lane.row.is_some()).map(|lane| lane.y);
    let first = full.next().unwrap_or(0.0);
    let shift = if joins { (first + full.next_back().unwrap_or(first)) / 2.0 } else { first };
    let (mut top, mut bottom) = (0.0f32, 0.0f32);
    for lane in lanes {
        let (up, down) = reach(lane);
        lane.y -= shift;
        top = top.min(lane.y - up);
        bottom = bottom.max(lane.y + down);
    }
    (top, bottom)
}

/// Measures what leaves a chain.
fn exit(exit: &Exit, context: Context) -> Panel<'_> {
    let context = Context { before: None, goes_on: false, in_branch: false, written: None, ..context };
    let Some(label) = &exit.label else {
        return Panel::bare(row(&exit.chain, 0..exit.chain.items.len(), context));
    };
    let rows = rows(&exit.chain, Context { most: context.panel, ..context });
    let lines = |widest| wrap(label, SMALL, widest).into_iter().map(Line::small).collect();
    Panel::framed(rows, lines, FrameStyle::Head, label.clone())
}

/// Breaks a chain into rows that fit into the width of the context.
pub(super) fn rows(chain: &Chain, context: Context) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let mut start = 0;
    let mut before = context.before;
    while start < chain.items.len() {
        let part = |end: usize| {
            let goes_on = end < chain.items.len();
            row(chain, start..end, Context { before, goes_on, ..context })
        };
        let mut end = start + 1;
        while end < chain.items.len() {
            if part(end + 1).width > context.most {
                end = between_stages(chain, start, end, context);
                break;
            }
            end += 1;
        }
        rows.push(part(end));
        before = Some(chain.items[end - 1].shape);
        start = end;
    }
    rows
}

/// Where to end a row that would end inside a stage: before the stage, if the stage fits in one row.
fn between_stages(chain: &Chain, start: usize, end: usize, context: Context) -> usize {
    let split = chain.frames.iter().filter(|frame| frame.range.start < end && frame.range.contains(&end));
    let outer = split.filter(|frame| frame.range.start > start + 1).map(|frame| frame.range.clone());
    let context = Context { before: None, goes_on: true, ..context };
    let fits = |stage: &Range<usize>| row(chain, stage.clone(), context).width <= context.most;
    outer.filter(fits).map(|stage| stage.start).min().unwrap_or(end)
}

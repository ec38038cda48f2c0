//! Chains in rows below each other: the trunk's, and those in a frame with a label, which are blocks that are drawn once and
//! auxiliary classifiers.

use std::ops::Range;

use super::boxes::{Line, call_names};
use super::measure::{Context, Row, row};
use super::{FrameStyle, GAP, Rect, SMALL, Scene, TEXT};
use crate::Detail;
use crate::model::{Chain, Exit, Inset};
use crate::text::{times, wrap, wrap_bold};

/// Between rows.
pub(super) const ROWS: f32 = 26.0;
/// Inside the frame of a panel.
pub(super) const PAD: f32 = 10.0;
/// Height of a line of a panel's label.
const LABEL: f32 = 13.0;
/// Labels narrower than this are not broken, however narrow the chain.
const LABEL_WIDTH: f32 = 210.0;

/// A chain before it has a place.
pub(super) struct Panel<'a> {
    rows: Vec<Row<'a>>,
    label: Vec<Line>,
    /// The frame around it; a tap has none.
    style: Option<FrameStyle>,
    /// The frame's tooltip.
    title: String,
    pub(super) width: f32,
    pub(super) height: f32,
}

impl<'a> Panel<'a> {
    /// What leaves a chain.
    pub(super) fn exit(exit: &'a Exit, context: Context) -> Self {
        let context = Context { before: None, goes_on: false, in_branch: false, told: None, ..context };
        match &exit.label {
            None => {
                let row = row(&exit.chain, 0..exit.chain.items.len(), context);
                let (width, height) = (row.width, row.up + row.down);
                Self { rows: vec![row], label: Vec::new(), style: None, title: String::new(), width, height }
            }
            Some(label) => {
                let rows = rows(&exit.chain, Context { most: context.panel, ..context });
                let lines = |widest| wrap(label, SMALL, widest).into_iter().map(Line::small).collect();
                Self::framed(rows, lines, FrameStyle::Head, label.clone())
            }
        }
    }

    /// A block that is drawn once.
    pub(super) fn inset(inset: &'a Inset, context: Context) -> Self {
        let most = context.most - 2.0 * PAD - 2.0 * GAP;
        let rows = rows(&inset.chain, Context { most, ..context });
        let name = inset.block.replace('_', " ");
        let name = if inset.calls.len() > 1 { format!("{name} × {}", inset.calls.len()) } else { name };
        let names = call_names(&inset.calls);
        let gives = inset.chain.items.last().filter(|_| context.detail == Detail::Full);
        let text = gives.map_or(names.clone(), |last| format!("{names} → {}", times(last.shape)));
        let lines = |widest: f32| -> Vec<Line> {
            let heads = wrap_bold(&name, TEXT, widest).into_iter().map(|line| Line::head(&line)).collect::<Vec<_>>();
            heads.into_iter().chain(wrap(&text, SMALL, widest).into_iter().map(Line::small)).collect()
        };
        Self::framed(rows, lines, FrameStyle::Inset, format!("{name}: {}", inset.calls.join(", ")))
    }

    fn framed(rows: Vec<Row<'a>>, label: impl FnOnce(f32) -> Vec<Line>, style: FrameStyle, title: String) -> Self {
        let widest = rows.iter().map(|row| row.width).fold(0.0, f32::max) + 2.0 * GAP;
        let label = label(widest.max(LABEL_WIDTH));
        let inside = label.iter().map(|line| line.width() + 4.0).fold(widest, f32::max);
        let heights: f32 = rows.iter().map(|row| row.up + row.down).sum();
        let gaps = ROWS * rows.len().saturating_sub(1) as f32;
        let height = PAD + label.len() as f32 * LABEL + heights + gaps + PAD;
        Self { rows, label, style: Some(style), title, width: inside + 2.0 * PAD, height }
    }

    /// Between the upper left corner and what is inside.
    fn inside(&self) -> [f32; 2] {
        match self.style {
            None => [0.0, 0.0],
            Some(_) => [PAD + GAP, PAD + self.label.len() as f32 * LABEL],
        }
    }

    /// Where a wire leads that comes from outside, from the upper left corner.
    pub(super) fn entry(&self) -> [f32; 2] {
        let [x, y] = self.inside();
        self.rows.first().map_or([x, y], |row| [x + row.entry(), y + row.up])
    }

    /// Whether that is a block.
    pub(super) fn begins_with_a_box(&self) -> bool {
        self.rows.first().is_some_and(Row::begins_with_a_box)
    }

    pub(super) fn is_dashed(&self) -> bool {
        self.style == Some(FrameStyle::Head)
    }
}

impl<'a> Scene<'a> {
    /// Puts a panel with its upper left corner at a point; returns the point where its chain ends.
    pub(super) fn place_panel(&mut self, panel: Panel<'a>, x: f32, top: f32) -> [f32; 2] {
        let rect = Rect { x, y: top, width: panel.width, height: panel.height };
        let [left, mut y] = panel.inside();
        (y, self.size) = (y + top, [self.size[0].max(rect.right()), self.size[1].max(rect.bottom())]);
        let (left, right) = (x + left, rect.right() - PAD);
        // It is filled, and so comes before the frames in it.
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
}

/// A chain in rows that are as wide as there is room at most.
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

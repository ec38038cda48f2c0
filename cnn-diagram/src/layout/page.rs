//! The page: the trunk in rows, auxiliary classifiers below what they hang on, then the blocks that are drawn once.

use std::ops::Range;

use cnn_runtime::op::Shape;

use super::boxes::call_names;
use super::measure::{Context, FRAME_HEAD, Row, row};
use super::{FrameStyle, Framed, GAP, MARGIN, Rect, SMALL, Scene, TEXT, Wire};
use crate::model::{Chain, Head, Inset, Picture, Span};
use crate::text::{bold_width, width, wrap};
use crate::{Detail, Options};

/// Room beside rows, for the wire from the end of one to the beginning of the next.
const GUTTER: f32 = 14.0;
/// Between rows.
const ROWS: f32 = 26.0;
/// Inside the frame of an inset or an auxiliary classifier.
const PAD: f32 = 10.0;
/// How far behind an item the wire to its auxiliary classifier begins: within the frame of its stage.
const BESIDE: f32 = 3.5;
/// Height of a line of a frame's label.
const LABEL: f32 = 13.0;

/// The shape before a chain that stands by itself: its first one is told, whatever it is.
const UNKNOWN: Span<Shape> = Span(Shape::Vector(0), Shape::Vector(0));

/// Lays a net out on a page of a width, below what is there.
pub(crate) fn page<'a>(picture: &'a Picture, options: &Options, width: f32, top: f32) -> Scene<'a> {
    let mut page = Page { options, scene: Scene::default(), y: top, width };
    page.trunk(picture);
    page.insets(&picture.insets);
    page.scene.reach(0.0, page.y);
    page.scene
}

/// How wide a page must be at least for what cannot be broken: a block with its branches, an auxiliary classifier.
pub(crate) fn needs(picture: &Picture, options: &Options) -> f32 {
    let page = Page { options, scene: Scene::default(), y: 0.0, width: 0.0 };
    let widest = |chain: &Chain| {
        let single = |at: usize| row(chain, at..at + 1, page.context(UNKNOWN, true)).width;
        (0..chain.items.len()).map(single).fold(0.0, f32::max)
    };
    let trunk = widest(&picture.trunk) + 2.0 * (MARGIN + GUTTER);
    let insets = picture.insets.iter().map(|inset| widest(&inset.chain) + 2.0 * (MARGIN + PAD + GAP));
    let heads = picture.heads.iter().map(|head| page.head_width(head) + 2.0 * (MARGIN + GUTTER));
    insets.chain(heads).fold(trunk, f32::max)
}

struct Page<'a, 'o> {
    options: &'o Options,
    scene: Scene<'a>,
    /// Where the page is empty.
    y: f32,
    width: f32,
}

impl<'a> Page<'a, '_> {
    fn context(&self, before: Span<Shape>, goes_on: bool) -> Context {
        Context { detail: self.options.detail, before, goes_on, in_branch: false, told: None }
    }

    /// The chain from the input to the output.
    fn trunk(&mut self, picture: &'a Picture) {
        let chain = &picture.trunk;
        let (left, right) = (MARGIN + GUTTER, self.width - MARGIN - GUTTER);
        let rows = self.rows(chain, right - left, true, &picture.heads);
        let count = rows.len();
        let mut end: Option<[f32; 2]> = None;
        for (index, (row, first)) in rows.into_iter().enumerate() {
            if index > 0 {
                self.y += ROWS;
            }
            let base = self.y + row.up;
            let (entry, arrow) = ([left + row.entry(), base], row.begins_with_a_box());
            if let Some([x, y]) = end {
                let (gutter, lane) = ((right + GUTTER / 2.0).max(x + GUTTER / 2.0), self.y - ROWS / 2.0);
                let side = MARGIN + GUTTER / 2.0 - 4.0;
                let points = vec![[x, y], [gutter, y], [gutter, lane], [side, lane], [side, base], entry];
                self.scene.wire(points, arrow);
            }
            let behind: Vec<(f32, usize)> =
                row.cells.iter().enumerate().map(|(at, cell)| (left + cell.x + cell.width, first + at)).collect();
            let (down, last) = (row.down, index + 1 == count);
            let exit = self.scene.place(row, left, base);
            self.y = base + down;
            let heads = picture.heads.iter().filter_map(|head| {
                let (x, _) = behind.iter().find(|(_, item)| *item == head.behind)?;
                Some((head, *x + BESIDE))
            });
            self.heads(heads.collect(), base);
            end = (!last).then_some(exit);
        }
    }

    /// A chain in rows that are as wide as this at most, each with the index of its first item.
    ///
    /// A row ends before an item with an auxiliary classifier if the classifier of an earlier one would be in the way.
    fn rows(&self, chain: &'a Chain, most: f32, is_trunk: bool, heads: &[Head]) -> Vec<(Row<'a>, usize)> {
        let mut rows = Vec::new();
        let mut start = 0;
        let mut before = chain.items.first().filter(|_| is_trunk).map_or(UNKNOWN, |input| input.shape);
        while start < chain.items.len() {
            let mut end = start + 1;
            while end < chain.items.len() {
                let goes_on = end + 1 < chain.items.len();
                let longer = row(chain, start..end + 1, self.context(before, goes_on));
                if self.in_the_way(heads, start, end, &longer) {
                    break;
                }
                if longer.width > most {
                    end = self.between_stages(chain, start, end, most);
                    break;
                }
                end += 1;
            }
            let goes_on = end < chain.items.len();
            rows.push((row(chain, start..end, self.context(before, goes_on)), start));
            before = chain.items[end - 1].shape;
            start = end;
        }
        rows
    }

    /// Where a row ends better that would end in a stage: before the stage, if that fits in a row of its own.
    fn between_stages(&self, chain: &Chain, start: usize, end: usize, most: f32) -> usize {
        let split = chain.frames.iter().filter(|frame| frame.range.start < end && frame.range.contains(&end));
        let outer = split.filter(|frame| frame.range.start > start + 1).map(|frame| frame.range.clone());
        let fits = |stage: &Range<usize>| row(chain, stage.clone(), self.context(UNKNOWN, true)).width <= most;
        outer.filter(fits).map(|stage| stage.start).min().unwrap_or(end)
    }

    /// Whether the last item of a row has an auxiliary classifier for which there is no room beside that of an earlier one.
    fn in_the_way(&self, heads: &[Head], start: usize, last: usize, row: &Row<'_>) -> bool {
        let of = |item: usize| heads.iter().filter(move |head| head.behind == item);
        let edge = |item: usize| row.cells[item - start].x + row.cells[item - start].width;
        let mut earlier = (start..last).flat_map(|item| of(item).map(move |head| (item, head)));
        of(last).next().is_some()
            && earlier.any(|(item, head)| edge(item) + 2.0 * GAP + self.head_width(head) > edge(last))
    }

    fn head_row(&self, head: &'a Head) -> Row<'a> {
        row(&head.chain, 0..head.chain.items.len(), self.context(UNKNOWN, false))
    }

    fn head_width(&self, head: &Head) -> f32 {
        row(&head.chain, 0..head.chain.items.len(), self.context(UNKNOWN, false)).width + 3.0 * PAD + GAP
    }

    /// Auxiliary classifiers below a row, each with the place where its wire leaves the trunk.
    fn heads(&mut self, heads: Vec<(&'a Head, f32)>, base: f32) {
        let top = self.y + 12.0;
        let mut bottom = self.y;
        for (head, x) in heads.into_iter().filter(|(head, _)| !head.chain.items.is_empty()) {
            let row = self.head_row(head);
            let label = vec![format!("{} · training only · loss × {}", head.name, head.weight)];
            let inside = (row.width + GAP).max(width(&label[0], SMALL) + 4.0);
            let rect_width = inside + 2.0 * PAD;
            // To the right of its wire, unless the page ends there.
            let left = (x + PAD).min(self.width - MARGIN - GUTTER - rect_width).max(MARGIN + GUTTER);
            let line = top + FRAME_HEAD + 4.0 + row.up;
            let enters = left + PAD + GAP;
            let entry = if left > x {
                vec![[x, base], [x, line], [enters, line]]
            } else {
                let lane = top - 6.0;
                vec![[x, base], [x, lane], [left - 8.0, lane], [left - 8.0, line], [enters, line]]
            };
            self.scene.wires.push(Wire { points: entry, arrow: true, dashed: true });
            let height = FRAME_HEAD + 4.0 + row.up + row.down + PAD;
            let rect = Rect { x: left, y: top, width: rect_width, height };
            self.scene.frames.push(Framed { rect, label, style: FrameStyle::Head });
            self.scene.place(row, enters, line);
            bottom = bottom.max(rect.bottom());
        }
        self.y = bottom;
    }

    /// Blocks that are drawn once, beside each other as far as there is room.
    fn insets(&mut self, insets: &'a [Inset]) {
        let most = self.width - 2.0 * MARGIN;
        let (mut x, mut bottom) = (MARGIN, self.y);
        let mut top = self.y + 22.0;
        for inset in insets {
            let laid = self.lay_inset(inset, most);
            if x > MARGIN && x + laid.width > self.width - MARGIN {
                (x, top) = (MARGIN, bottom + 12.0);
            }
            bottom = bottom.max(top + laid.height);
            let width = laid.width;
            self.place_inset(laid, x, top);
            x += width + 12.0;
        }
        self.y = bottom;
    }

    fn lay_inset(&self, inset: &'a Inset, most: f32) -> LaidInset<'a> {
        let rows = self.rows(&inset.chain, most - 2.0 * PAD - 2.0 * GAP, false, &[]);
        let name = inset.block.replace('_', " ");
        let name = if inset.calls.len() > 1 { format!("{name} × {}", inset.calls.len()) } else { name };
        let widest = rows.iter().map(|(row, _)| row.width).fold(0.0, f32::max) + 2.0 * GAP;
        let inside = widest.max(bold_width(&name, TEXT) + 4.0);
        let mut label = vec![name];
        let names = call_names(&inset.calls);
        let gives = inset.chain.items.last().filter(|_| self.options.detail == Detail::Full);
        let text = gives.map_or(names.clone(), |last| format!("{names} → {}", last.shape));
        label.extend(wrap(&text, SMALL, inside));
        let heights: f32 = rows.iter().map(|(row, _)| row.up + row.down).sum();
        let gaps = ROWS * (rows.len() - 1) as f32;
        let height = PAD + label.len() as f32 * LABEL + heights + gaps + PAD;
        LaidInset { rows, label, width: inside + 2.0 * PAD, height }
    }

    fn place_inset(&mut self, laid: LaidInset<'a>, x: f32, top: f32) {
        let rect = Rect { x, y: top, width: laid.width, height: laid.height };
        let mut y = top + PAD + laid.label.len() as f32 * LABEL;
        let (left, right) = (x + PAD + GAP, rect.right() - PAD);
        let mut end: Option<[f32; 2]> = None;
        for (row, _) in laid.rows {
            let base = y + row.up;
            let (entry, arrow) = ([left + row.entry(), base], row.begins_with_a_box());
            match end {
                None => self.scene.wire([[x + PAD / 2.0, base], entry], arrow),
                Some([from, at]) => {
                    let (gutter, lane, side) = (right + PAD / 2.0, y - ROWS / 2.0, x + PAD / 2.0 + 2.0);
                    let points = vec![[from, at], [gutter, at], [gutter, lane], [side, lane], [side, base], entry];
                    self.scene.wire(points, arrow);
                }
            }
            let down = row.down;
            end = Some(self.scene.place(row, left, base));
            y = base + down + ROWS;
        }
        if let Some([from, at]) = end {
            self.scene.wire([[from, at], [from + GAP, at]], true);
        }
        self.scene.reach(rect.right(), rect.bottom());
        self.scene.frames.push(Framed { rect, label: laid.label, style: FrameStyle::Inset });
    }
}

/// A block that is drawn once, before it has a place.
struct LaidInset<'a> {
    rows: Vec<(Row<'a>, usize)>,
    label: Vec<String>,
    width: f32,
    height: f32,
}

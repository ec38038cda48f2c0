//! The page: the trunk in rows with what leaves it, then the blocks that are drawn once.

use super::boxes::{Line, call_names};
use super::measure::{Context, row, rows};
use super::panel::{PAD, ROWS};
use super::row::Panel;
use super::{FrameStyle, GAP, MARGIN, SMALL, Scene, TEXT};
use crate::model::{Chain, Inset, Picture};
use crate::options::{Detail, Options};
use crate::text::{times, wrap, wrap_bold};

/// Room at both ends of rows, for the wire from the end of one to the beginning of the next.
const GUTTER: f32 = 14.0;
/// Between blocks that are drawn once.
const INSETS: f32 = 12.0;

/// Lays a net out on a page of this width, below `top`.
pub(crate) fn page<'a>(picture: &'a Picture, options: &Options, width: f32, top: f32) -> Scene<'a> {
    let mut page = Page { options, scene: Scene::default(), y: top, width };
    page.trunk(&picture.trunk);
    page.insets(&picture.insets);
    page.scene.reach(0.0, page.y);
    page.scene
}

/// The least width of a page, given by what cannot be broken: a block with its branches and what leaves it.
pub(crate) fn needs(picture: &Picture, options: &Options) -> f32 {
    let context = context(options, 0.0);
    let widest = |chain: &Chain| {
        let single = |at: usize| row(chain, at..at + 1, context).width;
        (0..chain.items.len()).map(single).fold(0.0, f32::max)
    };
    let trunk = widest(&picture.trunk) + 2.0 * (MARGIN + GUTTER);
    let insets = picture.insets.iter().map(|inset| {
        let rows = widest(&inset.chain) + 2.0 * (MARGIN + PAD + GAP);
        rows.max(panel(inset, context).width + 2.0 * MARGIN)
    });
    insets.fold(trunk, f32::max)
}

/// The context of chains on a row of this width, without the shape before them.
fn context(options: &Options, most: f32) -> Context {
    let panel = (options.width as f32 - 2.0 * (MARGIN + GUTTER + PAD + GAP)).max(200.0);
    Context { detail: options.detail, before: None, goes_on: true, in_branch: false, written: None, most, panel }
}

/// Measures a block that is drawn once.
fn panel(inset: &Inset, context: Context) -> Panel<'_> {
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
    Panel::framed(rows, lines, FrameStyle::Inset, format!("{name}: {}", inset.calls.join(", ")))
}

struct Page<'a, 'o> {
    options: &'o Options,
    scene: Scene<'a>,
    /// Below this, the page is empty.
    y: f32,
    width: f32,
}

impl<'a> Page<'a, '_> {
    /// The chain from the input to the output.
    fn trunk(&mut self, chain: &'a Chain) {
        let (left, right) = (MARGIN + GUTTER, self.width - MARGIN - GUTTER);
        let before = chain.items.first().map(|input| input.shape);
        let mut end: Option<[f32; 2]> = None;
        for row in rows(chain, Context { before, ..context(self.options, right - left) }) {
            if end.is_some() {
                self.y += ROWS;
            }
            let base = self.y + row.up;
            if let Some([x, y]) = end {
                let (entry, arrow) = ([left + row.entry(), base], row.begins_with_a_box());
                let (gutter, lane) = ((right + GUTTER / 2.0).max(x + GUTTER / 2.0), self.y - ROWS / 2.0);
                let side = MARGIN + GUTTER / 2.0 - 4.0;
                self.scene.wire([[x, y], [gutter, y], [gutter, lane], [side, lane], [side, base], entry], arrow);
            }
            let down = row.down;
            end = Some(self.scene.place(row, left, base));
            self.y = base + down;
        }
    }

    /// Blocks that are drawn once, side by side as far as there is room.
    fn insets(&mut self, insets: &'a [Inset]) {
        let context = context(self.options, self.width - 2.0 * MARGIN);
        let (mut x, mut bottom) = (MARGIN, self.y);
        let mut top = self.y + 22.0;
        for inset in insets {
            let panel = panel(inset, context);
            let (width, height) = (panel.width, panel.height);
            if x > MARGIN && x + width > self.width - MARGIN {
                (x, top) = (MARGIN, bottom + INSETS);
            }
            bottom = bottom.max(top + height);
            let [enters, line] = panel.entry();
            let arrow = panel.begins_with_a_box();
            self.scene.wire([[x + PAD / 2.0, top + line], [x + enters, top + line]], arrow);
            let [from, at] = self.scene.place_panel(panel, x, top);
            self.scene.wire([[from, at], [from + GAP, at]], true);
            x += width + INSETS;
        }
        self.y = bottom;
    }
}

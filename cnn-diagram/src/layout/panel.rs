//! Panels: chains in rows below each other, in a frame with a label if they are blocks that are drawn once or auxiliary
//! classifiers.

use super::boxes::Line;
use super::row::{Panel, Row};
use super::{FrameStyle, GAP};

/// Between rows.
pub(super) const ROWS: f32 = 26.0;
/// Inside the frame of a panel.
pub(super) const PAD: f32 = 10.0;
/// Height of a line of a panel's label.
const LABEL: f32 = 13.0;
/// Labels are broken no narrower than this, however narrow the chain.
const LABEL_WIDTH: f32 = 210.0;

impl<'a> Panel<'a> {
    /// A row without a frame.
    pub(super) fn bare(row: Row<'a>) -> Self {
        let (width, height) = (row.width, row.up + row.down);
        Self { rows: vec![row], label: Vec::new(), style: None, title: String::new(), width, height }
    }

    /// Rows in a frame. `label` breaks the frame's label into lines of a width.
    pub(super) fn framed(
        rows: Vec<Row<'a>>,
        label: impl FnOnce(f32) -> Vec<Line>,
        style: FrameStyle,
        title: String,
    ) -> Self {
        let widest = rows.iter().map(|row| row.width).fold(0.0, f32::max) + 2.0 * GAP;
        let label = label(widest.max(LABEL_WIDTH));
        let inside = label.iter().map(|line| line.width() + 4.0).fold(widest, f32::max);
        let heights: f32 = rows.iter().map(|row| row.up + row.down).sum();
        let gaps = ROWS * rows.len().saturating_sub(1) as f32;
        let height = PAD + label.len() as f32 * LABEL + heights + gaps + PAD;
        Self { rows, label, style: Some(style), title, width: inside + 2.0 * PAD, height }
    }

    /// The offset of its content from its upper left corner.
    pub(super) fn inside(&self) -> [f32; 2] {
        match self.style {
            None => [0.0, 0.0],
            Some(_) => [PAD + GAP, PAD + self.label.len() as f32 * LABEL],
        }
    }

    /// Where a wire from outside ends, relative to the upper left corner.
    pub(super) fn entry(&self) -> [f32; 2] {
        let [x, y] = self.inside();
        self.rows.first().map_or([x, y], |row| [x + row.entry(), y + row.up])
    }

    /// Whether that wire ends at a block.
    pub(super) fn begins_with_a_box(&self) -> bool {
        self.rows.first().is_some_and(Row::begins_with_a_box)
    }

    /// Whether the wire to it is dashed: only training uses what is inside.
    pub(super) fn is_dashed(&self) -> bool {
        self.style == Some(FrameStyle::Head)
    }
}

//! The memory of a pass: the workspaces of its images, and what is read there.

use super::{Plan, Range, round_up};

/// Where in the memory of a net its images, outputs and taps are.
pub(crate) struct Pass {
    /// Images of one pass.
    pub(crate) images: usize,
    /// Floats from the workspace of one to that of the next.
    pub(crate) distance: usize,
    /// All floats.
    pub(crate) floats: usize,
    /// Of the first image's output.
    pub(crate) output: Range,
    /// Of the first image's taps.
    pub(crate) taps: Vec<Range>,
}

impl Plan {
    /// A single image's outputs are read in its workspace; those of several are gathered after all workspaces.
    pub(crate) fn pass(&self) -> Pass {
        let Self { images, distance, .. } = *self;
        if images == 1 {
            let (output, taps) = (self.output, self.taps.clone());
            return Pass { images, distance, floats: self.workspace_len, output, taps };
        }
        // The last image has all of its workspace.
        let mut floats = (images - 1) * distance + round_up(self.workspace_len).max(distance);
        let mut place = |range: &Range| {
            let place = Range { offset: floats, len: range.len };
            floats += round_up(images * range.len);
            place
        };
        let (output, taps) = (place(&self.output), self.taps.iter().map(place).collect());
        Pass { images, distance, floats, output, taps }
    }

    /// Bytes of the workspace, for all images of a pass.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.pass().floats * size_of::<f32>()
    }
}

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
    /// How those of a batch get there: the taps', and the outputs'.
    pub(crate) gathers: Vec<Gather>,
}

/// A copy of what leaves the net from the workspace of an image to its place next to that of the other images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gather {
    /// The calls of the image after which it is complete.
    pub complete: usize,
    /// Where it is in the image's workspace.
    pub from: Range,
    /// Where that of the first image will be.
    pub to: usize,
}

impl Plan {
    /// A single image's outputs are read in its workspace; those of several are gathered after all workspaces.
    pub(crate) fn pass(&self) -> Pass {
        let Self { images, distance, .. } = *self;
        if images == 1 {
            let (output, taps) = (self.output, self.taps.clone());
            return Pass { images, distance, floats: self.workspace_len, output, taps, gathers: Vec::new() };
        }
        // The last image has all of its workspace.
        let mut floats = (images - 1) * distance + round_up(self.workspace_len).max(distance);
        let mut place = |from: &Range| {
            let place = Range { offset: floats, len: from.len };
            floats += round_up(images * from.len);
            place
        };
        let (output, taps): (Range, Vec<Range>) = (place(&self.output), self.taps.iter().map(place).collect());
        let ranges = self.taps.iter().zip(&taps).chain([(&self.output, &output)]);
        let gather = |(complete, (from, to)): (&usize, (&Range, &Range))| Gather {
            complete: *complete,
            from: *from,
            to: to.offset,
        };
        let gathers = self.complete.taps.iter().chain([&self.complete.output]).zip(ranges).map(gather).collect();
        Pass { images, distance, floats, output, taps, gathers }
    }

    /// How what leaves a net for a batch gets to where it is read: its taps, and its outputs.
    #[must_use]
    pub fn gathers(&self) -> Vec<Gather> {
        self.pass().gathers
    }

    /// Bytes of the workspace, for all images of a pass.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.pass().floats * size_of::<f32>()
    }
}

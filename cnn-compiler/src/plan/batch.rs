//! The order of a batch, and how the images' workspaces lie.
//!
//! ```text
//! for each image:                   conv - … - conv - pool      one image after the other: its maps stay in the cache
//! for all images:                   linear - linear             weights are read once
//! for each image, the last first:   softmax                     what needs no weights, or is not worth it
//! ```
//!
//! What is alive in the second part lies at the front of an image's workspace. The rest, which is most of it, is not needed when
//! another image begins, so the next workspace begins right after the front:
//!
//! ```text
//! image 0   front | rest                |
//! image 1         | front | rest                |
//! image 2                 | front | rest                |
//! ```
//!
//! In the first part the images that an image overwrites have yet to begin, and in the third they are done. Without a
//! second part there is no front: all images have the same workspace. What leaves the net is gathered after all
//! workspaces, as soon as it is complete, or after the second part.

/// The images of a pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch {
    pub(super) images: usize,
    /// The first step of the second part, in which those with weights take all images.
    pub(super) from: usize,
    /// The first step of the third part. Equal to `from`, if there is no second one.
    pub(super) to: usize,
}

impl Batch {
    /// Each image by itself.
    pub(super) const fn one_by_one(images: usize) -> Self {
        Self { images, from: 0, to: 0 }
    }

    /// Whether a step is in the second part.
    pub(super) fn shares(self, step: usize) -> bool {
        (self.from..self.to).contains(&step)
    }

    /// Whether a value alive from `first` to `last` is alive in the second part. Step 0 is at the time 1.
    pub(super) fn keeps(self, first: usize, last: usize) -> bool {
        self.from < self.to && first <= self.to && last > self.from
    }

    /// When an output or a tap that is complete at some time is read, in a net that ends at `end`.
    pub(super) fn read(self, complete: usize, end: usize) -> usize {
        match self.images {
            1 => end,
            _ if self.keeps(complete, complete) => self.to,
            _ => complete,
        }
    }
}

//! Which steps of a batch take all images at once, and how the images' workspaces lie.
//!
//! ```text
//! for each image:  conv - … - conv - pool        one image after the other: its maps stay in the cache
//! for all images:  linear - linear               weights are read once
//! ```
//!
//! A layer of large maps uses each weight often enough within an image to hide that it is fetched, and the maps of
//! several images are more than a cache holds. Measured with ResNet-50, batches of 8, on Zen 5: with all images in each
//! layer, an image takes 27.6 ms, and 22.9 ms alone; layers of 56x56 take up to twice as long, those of 7x7 between 12 %
//! less and 19 % more, fully connected ones a sixth.
//!
//! What the first part leaves to the second lies at the front of an image's workspace. The rest, which is most of it, is no
//! longer needed when the next image begins, so the next workspace begins right after the front:
//!
//! ```text
//! image 0   front | rest                |
//! image 1         | front | rest                |
//! image 2                 | front | rest                |
//! ```

use crate::optimise::Optimised;
use crate::step::Step;

/// A layer with this many pixels or fewer takes all images of a batch: alone, they would not fill two tiles of the GEMM.
const FEW_PIXELS: usize = 16;

/// The images of a pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch {
    pub(super) images: usize,
    /// The first step that takes all of them. Those before it run image by image, and so do those after it without weights.
    pub(super) shared_from: usize,
}

impl Optimised {
    /// Decides for this many images.
    pub(super) fn batch(&self, images: usize) -> Batch {
        if images == 1 {
            return Batch { images, shared_from: 0 };
        }
        let steps = &self.steps;
        let has_weights = |index: &usize| steps[*index].kind.is_product();
        let computed = |step: &Step| step.kind.algorithm().computed(self.values[step.output].size());
        let pixels = |index: usize| computed(&steps[index]).area();
        let large = (0..steps.len()).rev().filter(has_weights).find(|index| pixels(*index) > FEW_PIXELS);
        let after_maps = large.map_or(0, |index| index + 1);
        let shared_from = (after_maps..steps.len()).find(has_weights).unwrap_or(steps.len());
        Batch { images, shared_from }
    }
}

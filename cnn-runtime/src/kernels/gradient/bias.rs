//! The gradients of a bias alone: those of a transposed convolution, whose weights have their gradients from the kernel of a convolution.

use crate::exec::run::Run;
use crate::kernels::minibatch::sums::{reach, scratch_len};
use crate::kernels::terms::PixelTerms;
use crate::place::bounds::{Checked, Region};
use crate::place::map::Map;
use crate::place::spans::{Span, enter_shared};
use crate::place::workspace::Batch;
use crate::simd::Simd;
use cnn_net::record;

use super::parameters::channels_in;

/// The gradients of a bias: `sum dy` in each channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BiasGradient {
    /// The gradient of the layer's output.
    pub upstream: Map,
    /// Where the gradients are written.
    pub bias: usize,
    /// Where sums of an image are in its workspace: [`scratch_len`](Self::scratch_len) floats.
    pub scratch: usize,
}

record! { BiasGradient(#read upstream: Map, bias: usize) { scratch: usize = 0 } }
batch_call! { BiasGradient = bias_gradient }

impl BiasGradient {
    /// Floats of an image's workspace that its sums take.
    #[must_use]
    pub const fn scratch_len(channels: usize) -> usize {
        scratch_len(1, channels)
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the map overlaps the sums.
    pub const fn check(self) -> Checked<Self> {
        Checked::new(self, reach(self.scratch, 1, &self.upstream).reads(Region::of(&self.upstream)))
    }

    const fn span(&self) -> Span {
        Span::new(self.bias, &[self.upstream.channels])
    }
}

/// Computes the gradients of a bias.
///
/// # Panics
///
/// If a workspace is too small, or `shared` ends early.
#[inline(always)]
pub fn bias_gradient(run: Run<'_>, layer: &Checked<BiasGradient>, batch: Batch, ws: &mut [f32], shared: &mut [f32]) {
    let (run, ws) = layer.enter_batch(run, batch, ws);
    let layer = layer.get();
    let to = enter_shared(shared, &[&[layer.span()]]).wrapping_add(layer.bias);
    let BiasGradient { upstream, scratch, .. } = layer;
    // SAFETY: the layer was checked; the workspaces and the gradients are as large as it needs.
    unsafe { channels_in(run, Summands(upstream), upstream, batch, ws, scratch, to) }
}

/// The numbers of a map.
#[derive(Clone, Copy)]
struct Summands(Map);

impl PixelTerms<1> for Summands {
    #[inline(always)]
    unsafe fn at<S: Simd>(&self, s: S, ws: *const f32, (y, x): (usize, usize), c: usize, count: usize) -> [S::Vec; 1] {
        // SAFETY: the caller's promise.
        [unsafe { s.load_first(ws.wrapping_add(self.0.at(y, x) + c), count) }]
    }
}

//! Gradients, as a compiled training step will compute them; the [reference](mod@crate::reference) has their mathematics.
//!
//! A layer's `upstream` is the gradient of its output. Kernels write the gradient of an input, which may be where `upstream` was, or
//! those of parameters. The latter are sums over all images of a minibatch, and every one is added up in the order of the images,
//! whichever partition it falls into.

pub mod activation;
mod adjoint;
pub mod batch_norm;
pub mod bias;
pub mod channels;
pub mod conv;
pub mod dense;
pub mod depthwise;
pub mod gains;
pub mod gates;
pub mod grn;
pub mod loss;
pub mod lrn;
pub mod maxima;
pub mod means;
pub mod merge;
pub mod normalise;
mod outer;
pub mod parameters;
#[cfg(feature = "alloc")]
pub mod plain;
pub mod resize;
pub mod softmax;
pub mod user;

pub use self::activation::*;
pub use self::batch_norm::*;
pub use self::bias::*;
pub use self::channels::*;
pub use self::conv::*;
pub use self::dense::*;
pub use self::depthwise::*;
pub use self::gains::*;
pub use self::gates::*;
pub use self::grn::*;
pub use self::loss::*;
pub use self::lrn::*;
pub use self::maxima::*;
pub use self::means::*;
pub use self::merge::*;
pub use self::normalise::*;
pub use self::parameters::*;
pub use self::resize::*;
pub use self::softmax::*;
pub use self::user::*;

use crate::exec::run::Partition;
use crate::place::bounds::weights_at;
use crate::place::workspace::Batch;

/// Where gradients are written, if there is room for a product of numbers of them, from `offset` on.
///
/// # Panics
///
/// If there is not.
#[inline(always)]
fn gradients_at<const N: usize>(gradients: &mut [f32], offset: usize, factors: [usize; N]) -> *mut f32 {
    let _ = weights_at(gradients, offset, factors);
    gradients.as_mut_ptr().wrapping_add(offset)
}

/// Panics unless the gradients of weights and those of a bias are apart.
const fn assert_apart(weight: usize, weights: usize, bias: Option<usize>, biases: usize) {
    let Some(bias) = bias else { return };
    let apart = match (weight.checked_add(weights), bias.checked_add(biases)) {
        (Some(end), Some(bias_end)) => end <= bias || bias_end <= weight,
        _ => false,
    };
    assert!(apart, "gradients overlap");
}

/// The gradients of the weights of some of a layer's outputs.
#[derive(Clone, Copy)]
struct WeightGradient<L> {
    layer: L,
    batch: Batch,
    ws: *const f32,
    to: *mut f32,
    to_bias: Option<*mut f32>,
    partition: Partition,
}

impl<L> WeightGradient<L> {
    /// # Safety
    ///
    /// The layer was checked, the workspace of each image is as large as it needs, and there is room for its gradients at `to` and
    /// `to_bias`, apart from each other and from the workspace.
    unsafe fn new(layer: L, batch: Batch, ws: *const f32, to: *mut f32, to_bias: Option<*mut f32>) -> Self {
        Self { layer, batch, ws, to, to_bias, partition: Partition::WHOLE }
    }
}

/// What the gradients of outputs are multiplied by to give those of biases.
static ONE: f32 = 1.0;

//! Layers by the user: the trait that a type implements for `custom(path::to::Type, …)`.
//!
//! ```
//! use cnn_runtime::custom::{Custom, Shape, Tensor};
//!
//! /// Multiplies each channel of a map with a factor, and adds a number that all share.
//! struct Affine<const C: usize, const H: usize, const W: usize>;
//!
//! impl<const C: usize, const H: usize, const W: usize> Custom<1, 2> for Affine<C, H, W> {
//!     const INPUTS: [Shape; 1] = [Shape::map(C, H, W)];
//!     const OUTPUT: Shape = Shape::map(C, H, W);
//!     const TENSORS: [Tensor; 2] = [Tensor::new("weight", [C]), Tensor::new("bias", [1])];
//!
//!     fn forward([input]: [&[f32]; 1], [weight, bias]: [&[f32]; 2], _: &mut [f32], output: &mut [f32]) {
//!         let maps = output.chunks_exact_mut(H * W).zip(input.chunks_exact(H * W));
//!         for ((to, from), factor) in maps.zip(weight) {
//!             for (to, from) in to.iter_mut().zip(from) {
//!                 *to = from * factor + bias.iter().sum::<f32>();
//!             }
//!         }
//!     }
//! }
//! ```
//!
//! In a declaration, the layer is `custom(Affine<16, 8, 8>, 16x8x8, weight = 16, bias = 1)`. Nets that train it need its gradients,
//! the trait [`Backward`].

mod check;
mod message;

use cnn_net::op::{BackwardFn, LayerFn, UserLayer};

pub use cnn_net::op::{Shape, UserTensor as Tensor};

/// A layer of `N` inputs and `M` tensors.
///
/// A declaration calls it by the path of its type, with the shape of its output and the shapes of its tensors:
/// `custom(layers::Affine<16, 8, 8>, 16x8x8, weight = 16, bias = 1)`. All of these are compared with the constants of this trait
/// while rustc runs. With several inputs it is written like a merge: `custom(Attention, 64x8x8) { …; …; }`.
///
/// [`forward`](Self::forward) is a function of what it is given: it has no `self`, and the same numbers must give the same
/// results. It runs on the thread that runs the net.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Custom<{N}, {M}>`, but {N} input(s) and {M} tensor(s) are declared for it",
    label = "expected a type with an `impl Custom<{N}, {M}>`",
    note = "declare the inputs and tensors that the type has: `custom(Type, 16x8x8, weight = 16x3)` has one of each"
)]
pub trait Custom<const N: usize = 1, const M: usize = 0> {
    /// The shapes of the inputs.
    const INPUTS: [Shape; N];
    /// The shape of the output.
    const OUTPUT: Shape;
    /// The tensors, in the order in which [`forward`](Self::forward) gets them. In a weight file, each has the name of the
    /// layer before its own: `coord.weight`.
    const TENSORS: [Tensor; M];
    /// How many floats it computes in, besides its inputs and its output.
    const SCRATCH: usize = 0;

    /// Computes the output.
    ///
    /// Inputs, tensors and the output have as many numbers as their shapes say. Inputs and the output are in the order
    /// channels, rows, columns, and tensors in the order of the weight file: row-major, the last dimension fastest. The output
    /// is all zeros at first; `scratch` holds anything.
    ///
    /// Where nets must not panic, neither may this: with iterators in place of indices there is nothing that could.
    fn forward(inputs: [&[f32]; N], tensors: [&[f32]; M], scratch: &mut [f32], output: &mut [f32]);
}

/// The gradients of a layer, for nets that train it, or something before it.
///
/// ```
/// use cnn_runtime::custom::{Backward, Custom, Shape, Tensor};
///
/// /// Multiplies everything by a number that is learnt.
/// struct Gain<const N: usize>;
///
/// impl<const N: usize> Custom<1, 1> for Gain<N> {
///     const INPUTS: [Shape; 1] = [Shape::Vector(N)];
///     const OUTPUT: Shape = Shape::Vector(N);
///     const TENSORS: [Tensor; 1] = [Tensor::new("gain", [1])];
///
///     fn forward([input]: [&[f32]; 1], [gain]: [&[f32]; 1], _: &mut [f32], output: &mut [f32]) {
///         for (to, x) in output.iter_mut().zip(input) {
///             *to = gain[0] * x;
///         }
///     }
/// }
///
/// impl<const N: usize> Backward<1, 1> for Gain<N> {
///     fn backward(
///         [input]: [&[f32]; 1],
///         [gain]: [&[f32]; 1],
///         upstream: &[f32],
///         _: &mut [f32],
///         [of_input]: [&mut [f32]; 1],
///         [of_gain]: [&mut [f32]; 1],
///     ) {
///         for ((to, x), upstream) in of_input.iter_mut().zip(input).zip(upstream) {
///             *to = gain[0] * upstream;
///             of_gain[0] += x * upstream;
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no gradients, and this net trains",
    label = "expected a type with an `impl Backward<{N}, {M}>`",
    note = "implement `cnn::custom::Backward` for it, or train only what comes after it: `#[train(…, only(\"fc\"))]`"
)]
pub trait Backward<const N: usize = 1, const M: usize = 0>: Custom<N, M> {
    /// Computes the gradients of the loss by each input and by each tensor, for one image.
    ///
    /// `upstream` is the gradient by the output, in its order. Gradients have the order of what they belong to, and are all zeros at
    /// first; those by tensors that are buffers are not looked at. `scratch` has [`SCRATCH`](Custom::SCRATCH) floats and holds
    /// anything.
    fn backward(
        inputs: [&[f32]; N],
        tensors: [&[f32]; M],
        upstream: &[f32],
        scratch: &mut [f32],
        input_gradients: [&mut [f32]; N],
        tensor_gradients: [&mut [f32]; M],
    );
}

/// What a type says about its layer, and its code. Emitted code has one for each layer by the user.
#[derive(Clone, Copy, Debug)]
pub struct LayerCode {
    inputs: &'static [Shape],
    output: Shape,
    tensors: &'static [Tensor],
    scratch: usize,
    run: LayerFn,
    backward: Option<BackwardFn>,
}

impl LayerCode {
    /// That of a type.
    #[must_use]
    pub const fn of<T: Custom<N, M>, const N: usize, const M: usize>() -> Self {
        Self {
            inputs: const { &T::INPUTS },
            output: T::OUTPUT,
            tensors: const { &T::TENSORS },
            scratch: T::SCRATCH,
            run: forward::<T, N, M>,
            backward: None,
        }
    }

    /// That of a type, with its gradients.
    #[must_use]
    pub const fn trained<T: Backward<N, M>, const N: usize, const M: usize>() -> Self {
        Self { backward: Some(backward::<T, N, M>), ..Self::of::<T, N, M>() }
    }

    /// A layer with this code.
    #[must_use]
    pub const fn on(&self, layer: UserLayer) -> UserLayer {
        UserLayer { backward: self.backward, ..layer.code(self.run) }
    }
}

/// Calls [`Custom::forward`] with inputs and tensors that are one after another. What is missing is empty.
fn forward<T: Custom<N, M>, const N: usize, const M: usize>(
    mut inputs: &[f32],
    mut tensors: &[f32],
    scratch: &mut [f32],
    output: &mut [f32],
) {
    let inputs = T::INPUTS.map(|shape| take(&mut inputs, shape.elements()));
    let tensors = T::TENSORS.map(|tensor| take(&mut tensors, tensor.elements()));
    T::forward(inputs, tensors, scratch, output);
}

/// Calls [`Backward::backward`] with what is one after another.
fn backward<T: Backward<N, M>, const N: usize, const M: usize>(
    mut inputs: &[f32],
    mut tensors: &[f32],
    upstream: &[f32],
    scratch: &mut [f32],
    mut gradients: &mut [f32],
) {
    let inputs = T::INPUTS.map(|shape| take(&mut inputs, shape.elements()));
    let tensors = T::TENSORS.map(|tensor| take(&mut tensors, tensor.elements()));
    let input_gradients = T::INPUTS.map(|shape| take_mut(&mut gradients, shape.elements()));
    let tensor_gradients = T::TENSORS.map(|tensor| take_mut(&mut gradients, tensor.elements()));
    T::backward(inputs, tensors, upstream, scratch, input_gradients, tensor_gradients);
}

/// The first numbers, which the others are left without.
fn take<'a>(from: &mut &'a [f32], len: usize) -> &'a [f32] {
    let (taken, rest) = from.split_at_checked(len).unwrap_or((from, &[]));
    *from = rest;
    taken
}

/// The same, to be written.
fn take_mut<'a>(from: &mut &'a mut [f32], len: usize) -> &'a mut [f32] {
    let all = core::mem::take(from);
    let (taken, rest) = all.split_at_mut(len.min(all.len()));
    *from = rest;
    taken
}

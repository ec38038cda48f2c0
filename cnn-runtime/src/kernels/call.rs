//! Kernels as those see them who put calls together: the compiler, which writes them down, and the trace, which makes them.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use cnn_net::literal::Literal;
use cnn_net::op::{Activation, Op, Store};

#[cfg(feature = "kernels")]
use crate::exec::run::Run;
use crate::kernels::activation::{Activate, PreluMap};
use crate::kernels::conv::Conv2d;
use crate::kernels::dense::{Dense, DenseCall};
use crate::kernels::join::{CopyMap, MergeCall, StoreChw};
use crate::kernels::norm::{LrnMap, ScaleShift};
use crate::kernels::pool::{AvgPoolCall, GlobalAvgPoolCall, GlobalMaxPoolCall, GlobalPool, MaxPoolCall, Pool2d};
use crate::kernels::softmax::{LogSoftmaxCall, SoftmaxCall, SoftmaxMap};
use crate::pack::Layout;
use crate::place::map::Map;

/// A kernel with all its numbers.
pub trait KernelCall: fmt::Debug {
    /// The function that runs it: `conv2d`.
    fn function(&self) -> &'static str;

    /// Its descriptor: the name of the type, and the value.
    fn descriptor(&self) -> (&'static str, &dyn Literal);

    /// The map that it writes, and where that is in the descriptor; nothing, if it writes none that others read.
    fn output(&self) -> Option<(Map, &'static str)>;

    /// Its weights, if it has any.
    fn weights(&self) -> Option<Weights> {
        None
    }

    /// How it computes what could be computed in several ways; empty, if there is one way.
    fn algorithm(&self) -> String {
        String::new()
    }

    /// Whether there is a function that takes all images of a batch, of the same name with `_batch`.
    fn has_batch(&self) -> bool {
        false
    }

    /// Whether it reads the image, which is not in the workspace.
    fn reads_image(&self) -> bool {
        false
    }

    /// Runs it.
    ///
    /// # Panics
    ///
    /// If the workspace is too small, or the image or the weights end early.
    #[cfg(feature = "kernels")]
    fn run(&self, run: Run<'_>, image: &[f32], weights: &[f32], ws: &mut [f32]);
}

/// The weights of a kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Where they begin.
    pub offset: usize,
    /// How they are packed.
    pub layout: Layout,
    /// The method of the descriptor that says so.
    pub method: &'static str,
}

/// Whether the kernel of such a layer applies a function to what it stores.
#[must_use]
pub const fn has_epilogue(op: &Op) -> bool {
    matches!(op, Op::Conv(_) | Op::Linear(_) | Op::BatchNorm(_) | Op::Add | Op::Mul)
}

/// The kernels of a layer as it is written down, with nothing fused into it but a function that its kernel has room for; the
/// packed weights begin at `weights`.
#[must_use]
pub fn plain(op: &Op, activation: Activation, inputs: &[Map], output: Map, weights: usize) -> Vec<Box<dyn KernelCall>> {
    let input = inputs[0];
    let merge = |product| MergeCall { inputs: inputs.to_vec(), output, activation, product };
    vec![match op {
        Op::Conv(conv) => Box::new(Conv2d { weights, activation, ..Conv2d::of(conv, input, output) }),
        Op::Linear(linear) => Box::new(DenseCall {
            layer: Dense::new(input, output).weights(weights).activation(activation),
            f16: linear.store == Store::F16,
            nonzero: false,
        }),
        Op::MaxPool(pool) => Box::new(MaxPoolCall(Pool2d::of(pool, input, output))),
        Op::AvgPool(pool) => Box::new(AvgPoolCall(Pool2d::of(pool, input, output))),
        Op::GlobalAvgPool => Box::new(GlobalAvgPoolCall(GlobalPool { input, output })),
        Op::GlobalMaxPool => Box::new(GlobalMaxPoolCall(GlobalPool { input, output })),
        Op::Flatten => Box::new(StoreChw { map: input, offset: output.offset }),
        Op::Dropout { .. } => Box::new(CopyMap { input, output }),
        Op::Lrn(lrn) => Box::new(LrnMap { input, output, lrn: *lrn }),
        Op::BatchNorm(_) => Box::new(ScaleShift { input, output, weights, activation }),
        Op::Prelu(per) => Box::new(PreluMap { input, output, weights, per: *per }),
        Op::Activation(activation) => Box::new(Activate { input, output, activation: *activation }),
        Op::Softmax => Box::new(SoftmaxCall(SoftmaxMap { input, output })),
        Op::LogSoftmax => Box::new(LogSoftmaxCall(SoftmaxMap { input, output })),
        Op::Add => Box::new(merge(false)),
        Op::Mul => Box::new(merge(true)),
        Op::Concat => return copies(inputs, output),
    }]
}

/// Copies each input into its channels of the output, unless it lies there already.
fn copies(inputs: &[Map], output: Map) -> Vec<Box<dyn KernelCall>> {
    let mut copies: Vec<Box<dyn KernelCall>> = Vec::new();
    let mut offset = output.offset;
    for input in inputs {
        let output = Map { offset, channels: input.channels, ..output };
        offset += input.channels;
        if *input != output {
            copies.push(Box::new(CopyMap { input: *input, output }));
        }
    }
    copies
}

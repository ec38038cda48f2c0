//! The kernels of layers as declared: what the trace runs, and what the compiler plans where there is nothing to choose.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use cnn_net::op::{Activation, Layer, Op, Store};

use crate::kernels::activation::{Activate, PreluMap};
use crate::kernels::call::KernelCall;
use crate::kernels::conv::Conv2d;
use crate::kernels::dense::{Dense, DenseCall};
use crate::kernels::glu::Gate;
use crate::kernels::layout::{CopyMap, StoreChw};
use crate::kernels::merge::MergeCall;
use crate::kernels::norm::{LrnMap, ScaleShift};
use crate::kernels::normalise::Normalise;
use crate::kernels::pool::{AvgPoolCall, GlobalAvgPoolCall, GlobalMaxPoolCall, GlobalPool, MaxPoolCall, Pool2d};
use crate::kernels::softmax::{LogSoftmaxCall, SoftmaxCall, SoftmaxMap};
use crate::place::map::Map;

/// Whether the kernel of such a layer applies a function to what it stores.
#[must_use]
pub const fn has_epilogue(op: &Op) -> bool {
    matches!(op, Op::Conv(_) | Op::Linear(_) | Op::BatchNorm(_) | Op::Scale { .. } | Op::Add | Op::Mul)
}

/// The kernels of a layer as declared, with nothing fused but a function that its kernel has room for; the packed weights
/// begin at `weights`.
#[must_use]
pub fn plain(op: &Op, activation: Activation, inputs: &[Map], output: Map, weights: usize) -> Vec<Box<dyn KernelCall>> {
    let input = inputs[0];
    let merge = |product| MergeCall { inputs: inputs.to_vec(), output, activation, product };
    vec![match op.closed() {
        Layer::Conv(conv) => Box::new(Conv2d::of(&conv, input, output).weights(weights).activation(activation)),
        Layer::Linear(linear) => Box::new(DenseCall {
            layer: Dense::new(input, output).weights(weights).activation(activation),
            f16: linear.store == Store::F16,
            nonzero: false,
        }),
        Layer::MaxPool(pool) => Box::new(MaxPoolCall(Pool2d::of(&pool, input, output))),
        Layer::AvgPool(pool) => Box::new(AvgPoolCall(Pool2d::of(&pool, input, output))),
        Layer::GlobalAvgPool => Box::new(GlobalAvgPoolCall(GlobalPool { input, output })),
        Layer::GlobalMaxPool => Box::new(GlobalMaxPoolCall(GlobalPool { input, output })),
        Layer::Flatten => Box::new(StoreChw { map: input, offset: output.offset }),
        Layer::Dropout { .. } => Box::new(CopyMap { input, output }),
        Layer::Lrn(lrn) => Box::new(LrnMap { input, output, lrn }),
        Layer::BatchNorm(_) | Layer::Scale { .. } => {
            Box::new(ScaleShift::new(input, output).weights(weights).activation(activation))
        }
        Layer::Norm(norm) => Box::new(Normalise::new(input, output, norm).weights(weights)),
        Layer::Glu => Box::new(Gate { input, output }),
        Layer::Prelu(per) => Box::new(PreluMap { input, output, weights, per }),
        Layer::Activation(function) => Box::new(Activate::new(input, output, function)),
        Layer::Softmax => Box::new(SoftmaxCall(SoftmaxMap { input, output })),
        Layer::LogSoftmax => Box::new(LogSoftmaxCall(SoftmaxMap { input, output })),
        Layer::Add => Box::new(merge(false)),
        Layer::Mul => Box::new(merge(true)),
        Layer::Concat => return copies(inputs, output),
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

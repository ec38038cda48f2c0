//! One node, with its weights packed, and where its inputs and its output lie.

use alloc::vec;
use alloc::vec::Vec;

use crate::exec::run::Run;
use crate::kernels::activation::{Activate, PreluMap, activate, prelu};
use crate::kernels::conv::{Conv2d, conv2d, depthwise2d};
use crate::kernels::dense::{Dense, dense, dense_f16};
use crate::kernels::layout::{CopyMap, Halo, StoreChw, clear_halo, copy, load_chw, store_chw};
use crate::kernels::merge::{Merge, add, mul};
use crate::kernels::norm::{LrnMap, ScaleShift, lrn, scale_shift};
use crate::kernels::pool::{GlobalPool, Pool2d, avg_pool, global_avg_pool, global_max_pool, max_pool};
use crate::kernels::softmax::{SoftmaxMap, log_softmax, softmax};
use crate::pack::{Affine, Normalisation};
use crate::place::map::Map;
use crate::place::workspace::SLACK;
use crate::reference::{Params, RunError, find};
use crate::weights::Layout;
use cnn_net::graph::{Graph, Node, Role};
use cnn_net::op::{Activation, BatchNorm, Conv, Op, Padding, Shape, Store};

/// A node that is ready to run. In the workspace, its inputs come first, then its output, then the output in the order
/// channels, rows, columns.
pub(super) struct Layer<'a> {
    op: &'a Op,
    /// Packed weights.
    weights: Vec<f32>,
    inputs: Vec<Map>,
    /// Zeros around the first input.
    halo: Padding,
    output: Map,
    /// Where the output lies once more.
    chw: usize,
    /// Floats of the workspace.
    floats: usize,
}

impl<'a> Layer<'a> {
    pub(super) fn new(graph: &Graph<'_>, node: &'a Node<'_>, params: &Params) -> Result<Self, RunError> {
        let shapes: Vec<Shape> = node.inputs.iter().map(|value| graph.shape(*value)).collect();
        let halo = match &node.op {
            Op::Conv(conv) => Conv2d::halo(conv, shapes[0].size(), node.output.size()),
            _ => Padding::NONE,
        };
        let mut end = 0;
        let mut place = |shape: &Shape, halo: &Padding| {
            let map = Map::with_halo(end, shape.size(), shape.channels(), halo);
            end += (halo.top + map.height + halo.bottom) * map.row + SLACK;
            map
        };
        let inputs = shapes.iter().map(|shape| place(shape, &halo)).collect();
        let output = place(&node.output, &Padding::NONE);
        let weights = pack(node, shapes[0], params)?;
        Ok(Self { op: &node.op, weights, inputs, halo, output, chw: end, floats: end + output.elements() })
    }

    /// The output for each of `count` inputs, which `reads` has one after another. `workspace` may hold anything.
    pub(super) fn run(&self, run: Run<'_>, reads: &[&[f32]], count: usize, workspace: &mut Vec<f32>) -> Vec<f32> {
        if workspace.len() < self.floats {
            workspace.resize(self.floats, 0.0);
        }
        let ws = &mut workspace[..self.floats];
        clear_halo(run, &Halo { map: self.inputs[0], zeros: self.halo }.check(), ws);
        let mut outputs = Vec::with_capacity(count * self.output.elements());
        for pass in 0..count {
            for (map, values) in self.inputs.iter().zip(reads) {
                load_chw(run, &values[pass * map.elements()..][..map.elements()], &map.check(), ws);
            }
            self.compute(run, ws);
            store_chw(run, &StoreChw { map: self.output, offset: self.chw }.check(), ws);
            outputs.extend_from_slice(&ws[self.chw..][..self.output.elements()]);
        }
        outputs
    }

    /// The kernel.
    fn compute(&self, run: Run<'_>, ws: &mut [f32]) {
        let Self { ref inputs, output, ref weights, .. } = *self;
        let input = inputs[0];
        match self.op {
            Op::Conv(conv) => convolve(run, conv, &Conv2d::new(conv, input, output), weights, ws),
            Op::Linear(linear) => {
                let layer = Dense { input, output, weights: 0, residual: None, activation: Activation::Identity };
                match linear.store {
                    Store::F32 => dense(run, &layer.check(), weights, ws),
                    Store::F16 => dense_f16(run, &layer.check(), weights, ws),
                }
            }
            Op::MaxPool(pool) => max_pool(run, &Pool2d::new(pool, input, output).check(), ws),
            Op::AvgPool(pool) => avg_pool(run, &Pool2d::new(pool, input, output).check(), ws),
            Op::GlobalAvgPool => global_avg_pool(run, &GlobalPool { input, output }.check(), ws),
            Op::GlobalMaxPool => global_max_pool(run, &GlobalPool { input, output }.check(), ws),
            Op::Flatten => store_chw(run, &StoreChw { map: input, offset: output.offset }.check(), ws),
            Op::Dropout { .. } => copy(run, &CopyMap { input, output }.check(), ws),
            Op::Lrn(op) => lrn(run, &LrnMap { input, output, lrn: *op }.check(), ws),
            Op::BatchNorm(_) => {
                let norm = ScaleShift { input, output, weights: 0, activation: Activation::Identity };
                scale_shift(run, &norm.check(), weights, ws);
            }
            Op::Prelu(per) => prelu(run, &PreluMap { input, output, weights: 0, per: *per }.check(), weights, ws),
            Op::Activation(activation) => {
                activate(run, &Activate { input, output, activation: *activation }.check(), ws);
            }
            Op::Softmax => softmax(run, &SoftmaxMap { input, output }.check(), ws),
            Op::LogSoftmax => log_softmax(run, &SoftmaxMap { input, output }.check(), ws),
            Op::Concat => concat(run, inputs, &output, ws),
            Op::Add => add(run, &Merge { inputs, output, activation: Activation::Identity }.check(), ws),
            Op::Mul => mul(run, &Merge { inputs, output, activation: Activation::Identity }.check(), ws),
        }
    }
}

fn convolve(run: Run<'_>, conv: &Conv, layer: &Conv2d, weights: &[f32], ws: &mut [f32]) {
    if conv.is_depthwise(layer.input.channels) {
        depthwise2d(run, &layer.check(), weights, ws);
    } else {
        conv2d(run, &layer.check(), weights, ws);
    }
}

/// Copies each input into its channels of the output.
fn concat(run: Run<'_>, inputs: &[Map], output: &Map, ws: &mut [f32]) {
    let mut first = output.offset;
    for input in inputs {
        let output = Map { offset: first, channels: input.channels, ..*output };
        copy(run, &CopyMap { input: *input, output }.check(), ws);
        first += input.channels;
    }
}

/// The packed weights of a node; none if it has no tensors.
fn pack(node: &Node<'_>, input: Shape, params: &Params) -> Result<Vec<f32>, RunError> {
    let Some(layout) = Layout::of(&node.op, input) else { return Ok(Vec::new()) };
    let weight = find(node, params, Role::Weight)?;
    let affines = Affines::new(node, params)?;
    let one_for_all = weight.len() == 1;
    let mut packed = vec![0.0; layout.len()];
    let weight = |index: usize| weight[if one_for_all { 0 } else { index }];
    layout.pack(weight, |channel| affines.of(channel), &mut packed);
    Ok(packed)
}

/// What is done to each output channel.
enum Affines<'p> {
    Nothing,
    Bias(&'p [f32]),
    Norm { eps: f32, weight: &'p [f32], bias: &'p [f32], mean: &'p [f32], var: &'p [f32] },
}

impl<'p> Affines<'p> {
    fn new(node: &Node<'_>, params: &'p Params) -> Result<Self, RunError> {
        let tensor = |role| find(node, params, role);
        if let Op::BatchNorm(BatchNorm { eps, .. }) = node.op {
            let [weight, bias] = [tensor(Role::Weight)?, tensor(Role::Bias)?];
            let [mean, var] = [tensor(Role::RunningMean)?, tensor(Role::RunningVar)?];
            return Ok(Self::Norm { eps, weight, bias, mean, var });
        }
        let has_bias = node.tensors.iter().any(|tensor| tensor.role == Role::Bias);
        Ok(if has_bias { Self::Bias(tensor(Role::Bias)?) } else { Self::Nothing })
    }

    fn of(&self, channel: usize) -> Affine {
        let nothing = Affine { scale: 1.0, shift: 0.0 };
        match *self {
            Self::Nothing => nothing,
            Self::Bias(bias) => Affine { shift: f64::from(bias[channel]), ..nothing },
            Self::Norm { eps, weight, bias, mean, var } => {
                let [weight, bias, mean, var] = [weight, bias, mean, var].map(|numbers| numbers[channel]);
                nothing.normalised(&Normalisation { weight, bias, mean, var, eps })
            }
        }
    }
}

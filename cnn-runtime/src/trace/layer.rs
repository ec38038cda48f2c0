//! One node, with its packed weights and the places of its inputs and its output.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use crate::exec::run::Run;
use crate::kernels::call::KernelCall;
use crate::kernels::layout::{Halo, StoreChw, clear_halo, load_chw, store_chw};
use crate::kernels::plain::{Own, halo, plain, scratch};
use crate::pack::{Affine, Layout, Normalisation};
use crate::place::map::Map;
use crate::place::workspace::SLACK;
use crate::reference::{Params, RunError, code_of, find, perhaps, tensors};
use cnn_net::graph::{Graph, Node, Role};
use cnn_net::op::{Activation, BatchNorm, Factor, Op, Padding, Shape};

/// A node that is ready to run. In the workspace, its inputs come first, then its output, then what its kernel computes in, then the
/// output in the order channels, rows, columns.
pub(super) struct Layer {
    kernels: Vec<Box<dyn KernelCall>>,
    /// Packed weights.
    weights: Vec<f32>,
    inputs: Vec<Map>,
    /// Zeros around the first input.
    halo: Padding,
    output: Map,
    /// Where the second copy of the output is.
    chw: usize,
    /// Floats of the workspace.
    floats: usize,
}

impl Layer {
    pub(super) fn new(graph: &Graph<'_>, node: &Node<'_>, params: &Params) -> Result<Self, RunError> {
        let shapes: Vec<Shape> = node.inputs.iter().map(|value| graph.shape(*value)).collect();
        let halo = halo(&node.op, shapes[0].size(), node.output.size());
        let mut end = 0;
        let mut place = |shape: &Shape, halo: &Padding| {
            let map = Map::with_halo(end, shape.size(), shape.channels(), halo);
            end += (halo.top + map.height + halo.bottom) * map.row + SLACK;
            map
        };
        let inputs: Vec<Map> = shapes.iter().map(|shape| place(shape, &halo)).collect();
        let output = place(&node.output, &Padding::NONE);
        code_of(node)?;
        let scratch = scratch(&node.op, shapes.iter().map(Shape::elements).sum(), node.output.channels());
        let own = Own { weights: 0, scratch: end };
        let chw = end + scratch.unwrap_or(0);
        let kernels = plain(&node.op, Activation::Identity, &inputs, output, own);
        let weights = kernels.iter().find_map(|kernel| kernel.weights());
        let weights = weights.map_or(Ok(Vec::new()), |weights| pack(node, &weights.layout, params))?;
        Ok(Self { kernels, weights, inputs, halo, output, chw, floats: chw + output.elements() })
    }

    /// The output for each of `count` inputs, which are one after another in `reads`. `workspace` may hold anything.
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
            self.kernels.iter().for_each(|kernel| kernel.run(run, &[], &self.weights, ws));
            store_chw(run, &StoreChw { map: self.output, offset: self.chw }.check(), ws);
            outputs.extend_from_slice(&ws[self.chw..][..self.output.elements()]);
        }
        outputs
    }
}

/// The packed weights of a node.
fn pack(node: &Node<'_>, layout: &Layout, params: &Params) -> Result<Vec<f32>, RunError> {
    if let Layout::Tensors { .. } = layout {
        return tensors(node, params);
    }
    // Where there is no tensor, a layer has a factor of 1.
    let weight = perhaps(node, params, Role::Weight)?.unwrap_or(&[1.0]);
    let affines = Affines::new(node, params)?;
    let one_for_all = weight.len() == 1;
    let mut packed = vec![0.0; layout.len()];
    let weight = |index: usize| weight[if one_for_all { 0 } else { index }];
    layout.pack(weight, |channel| affines.of(channel), &mut packed);
    Ok(packed)
}

/// What is applied to each output channel.
enum Affines<'p> {
    Nothing,
    Bias(&'p [f32]),
    Factors(&'p [f32]),
    Factor(f32),
    Norm { eps: f32, weight: Option<&'p [f32]>, bias: Option<&'p [f32]>, mean: &'p [f32], var: &'p [f32] },
}

impl<'p> Affines<'p> {
    fn new(node: &Node<'_>, params: &'p Params) -> Result<Self, RunError> {
        let tensor = |role| find(node, params, role);
        if let Op::BatchNorm(BatchNorm { eps, .. }) = node.op {
            let [weight, bias] = [perhaps(node, params, Role::Weight)?, perhaps(node, params, Role::Bias)?];
            let [mean, var] = [tensor(Role::RunningMean)?, tensor(Role::RunningVar)?];
            return Ok(Self::Norm { eps, weight, bias, mean, var });
        }
        if let Op::Scale { factor } = node.op {
            return Ok(match factor {
                Factor::Fixed(factor) => Self::Factor(factor),
                Factor::Channel => Self::Factors(tensor(Role::Weight)?),
                Factor::Tensor => Self::Factor(tensor(Role::Weight)?[0]),
            });
        }
        Ok(perhaps(node, params, Role::Bias)?.map_or(Self::Nothing, Self::Bias))
    }

    fn of(&self, channel: usize) -> Affine {
        let nothing = Affine::IDENTITY;
        match *self {
            Self::Nothing => nothing,
            Self::Factors(factors) => nothing.scaled(factors[channel]),
            Self::Factor(factor) => nothing.scaled(factor),
            Self::Bias(bias) => Affine { shift: f64::from(bias[channel]), ..nothing },
            Self::Norm { eps, weight, bias, mean, var } => {
                let of = |numbers: Option<&[f32]>, other| numbers.map_or(other, |numbers| numbers[channel]);
                let (weight, bias, mean, var) = (of(weight, 1.0), of(bias, 0.0), mean[channel], var[channel]);
                nothing.normalised(&Normalisation { weight, bias, mean, var, eps })
            }
        }
    }
}

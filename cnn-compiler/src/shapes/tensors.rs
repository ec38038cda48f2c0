//! Parameter tensors and multiplications of each layer.

use cnn_net::graph::Role;
use cnn_net::op::{Op, PreluPer, Shape};

use super::{Shaped, Tensor};

/// Whether a layer has tensors.
pub(super) fn has_any(op: &Op) -> bool {
    match op {
        Op::Conv(_) | Op::Linear(_) | Op::BatchNorm(_) | Op::Prelu(_) => true,
        Op::MaxPool(_)
        | Op::AvgPool(_)
        | Op::GlobalAvgPool
        | Op::GlobalMaxPool
        | Op::Flatten
        | Op::Dropout { .. }
        | Op::Lrn(_)
        | Op::Activation(_)
        | Op::Softmax
        | Op::LogSoftmax
        | Op::Concat
        | Op::Add
        | Op::Mul => false,
    }
}

/// Fills in the tensors and the multiplications of all nodes.
pub(super) fn count(shaped: &mut Shaped) {
    for (index, node) in shaped.graph.nodes.iter().enumerate() {
        let input = shaped.shape(node.inputs[0]);
        let output = shaped.shapes[index];
        let tensors = tensors(&node.op, input)
            .into_iter()
            .map(|(role, shape)| Tensor { name: format!("{}.{}", node.name, role.name()), role, shape })
            .collect();
        shaped.tensors.push(tensors);
        shaped.macs.push(macs(&node.op, input, output));
    }
}

fn tensors(op: &Op, input: Shape) -> Vec<(Role, Vec<usize>)> {
    let biased = |weight: Vec<usize>, outputs: usize, bias: bool| {
        let mut all = vec![(Role::Weight, weight)];
        if bias {
            all.push((Role::Bias, vec![outputs]));
        }
        all
    };
    let channels = input.channels();
    match op {
        Op::Conv(conv) => biased(
            vec![conv.filters, channels / conv.groups, conv.kernel.height, conv.kernel.width],
            conv.filters,
            conv.bias,
        ),
        Op::Linear(linear) => biased(vec![linear.features, input.elements()], linear.features, linear.bias),
        Op::BatchNorm(_) => [Role::Weight, Role::Bias, Role::RunningMean, Role::RunningVar]
            .into_iter()
            .map(|role| (role, vec![channels]))
            .collect(),
        Op::Prelu(PreluPer::Channel) => vec![(Role::Weight, vec![channels])],
        Op::Prelu(PreluPer::Element) => vec![(
            Role::Weight,
            match input {
                Shape::Map { channels, height, width } => vec![channels, height, width],
                Shape::Vector(features) => vec![features],
            },
        )],
        Op::MaxPool(_)
        | Op::AvgPool(_)
        | Op::GlobalAvgPool
        | Op::GlobalMaxPool
        | Op::Flatten
        | Op::Dropout { .. }
        | Op::Lrn(_)
        | Op::Activation(_)
        | Op::Softmax
        | Op::LogSoftmax
        | Op::Concat
        | Op::Add
        | Op::Mul => Vec::new(),
    }
}

/// Multiplications with a weight; those of normalisations and slopes are not counted, as is usual.
fn macs(op: &Op, input: Shape, output: Shape) -> u64 {
    match op {
        Op::Conv(conv) => {
            let depth = input.channels() / conv.groups * conv.kernel.area();
            output.elements() as u64 * depth as u64
        }
        Op::Linear(linear) => linear.features as u64 * input.elements() as u64,
        Op::MaxPool(_)
        | Op::AvgPool(_)
        | Op::GlobalAvgPool
        | Op::GlobalMaxPool
        | Op::Flatten
        | Op::Dropout { .. }
        | Op::Lrn(_)
        | Op::BatchNorm(_)
        | Op::Prelu(_)
        | Op::Activation(_)
        | Op::Softmax
        | Op::LogSoftmax
        | Op::Concat
        | Op::Add
        | Op::Mul => 0,
    }
}

//! Packs tensors in memory into a net's weights, as [`load`](crate::weights::load) does for those of a file, but without checks.

use cnn_net::graph::{Graph, Role};
use cnn_net::op::{Factor, Op};

use super::Train;
use crate::pack::{Affine, Layout, Normalisation, Pack};

/// Packs the tensors of a step.
pub(super) fn weights<N: Train>(floats: &[f32]) -> N::Weights {
    let tensors = Tensors { graph: N::GRAPH, floats, find: |node, role| find::<N>(node, role) };
    N::weights(|packed| {
        for pack in N::RECIPE {
            tensors.pack(pack, &mut packed[pack.offset..][..pack.len()]);
        }
    })
}

/// Where a tensor of a node begins, and how many numbers it has.
fn find<N: Train>(node: usize, role: Role) -> Option<(usize, usize)> {
    let has = N::STEP.tensors.iter().filter(|place| place.node == node);
    let mut found = has.filter(|place| N::GRAPH.nodes[node].tensors[place.tensor].role == role);
    found.next().map(|place| (place.offset, place.len))
}

/// The tensors of a net.
struct Tensors<'a, F> {
    graph: &'a Graph<'a>,
    floats: &'a [f32],
    find: F,
}

impl<F: Fn(usize, Role) -> Option<(usize, usize)>> Tensors<'_, F> {
    fn of(&self, node: usize, role: Role) -> Option<&[f32]> {
        (self.find)(node, role).map(|(offset, len)| &self.floats[offset..][..len])
    }

    /// Whether all that is packed is finite means nothing here: a net that has no finite weights gives no finite results.
    fn pack(&self, pack: &Pack, to: &mut [f32]) {
        let node = pack.node;
        if let Layout::Tensors { .. } = pack.layout {
            let all = self.graph.nodes[node].tensors.iter().filter_map(|tensor| self.of(node, tensor.role));
            to.iter_mut().zip(all.flatten()).for_each(|(to, number)| *to = *number);
            return;
        }
        let is_factor = matches!(self.graph.nodes[node].op, Op::BatchNorm(_) | Op::Scale { .. });
        let bias = if is_factor { None } else { self.of(node, Role::Bias) };
        let weight = if is_factor { None } else { self.of(node, Role::Weight) };
        let affine = |channel: usize| {
            let shift = bias.map_or(0.0, |bias| f64::from(bias[channel]));
            let own = self.after(Affine { shift, ..Affine::IDENTITY }, node, channel);
            pack.norm.map_or(own, |norm| self.after(own, norm, channel))
        };
        let _ = match weight {
            // All slopes of a `prelu` may be one.
            Some(&[all]) => pack.layout.pack(|_| all, affine, to),
            Some(weight) => pack.layout.pack(|index| weight[index], affine, to),
            None => pack.layout.pack(|_| 1.0, affine, to),
        };
    }

    /// `affine`, followed by a node, if that multiplies channels.
    fn after(&self, affine: Affine, node: usize, channel: usize) -> Affine {
        let number = |role, other| self.of(node, role).map_or(other, |numbers| numbers[channel]);
        match self.graph.nodes[node].op {
            Op::BatchNorm(norm) => affine.normalised(&Normalisation {
                weight: number(Role::Weight, 1.0),
                bias: number(Role::Bias, 0.0),
                mean: number(Role::RunningMean, 0.0),
                var: number(Role::RunningVar, 1.0),
                eps: norm.eps,
            }),
            Op::Scale { factor: Factor::Fixed(factor) } => affine.scaled(factor),
            Op::Scale { factor: Factor::Channel } => affine.scaled(number(Role::Weight, 1.0)),
            Op::Scale { factor: Factor::Tensor } => {
                affine.scaled(self.of(node, Role::Weight).map_or(1.0, |all| all[0]))
            }
            _ => affine,
        }
    }
}

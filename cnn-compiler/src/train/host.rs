//! Which values share memory: parts of a concat, and values written over those that nothing reads any more.

use cnn_net::graph::Graph;
use cnn_net::op::{Op, Rearrange};

use super::program::{Host, Program, Task, ValueId, Work};

impl Program {
    /// Decides whose memory each value shares.
    pub(super) fn host(&mut self, graph: &Graph<'_>) {
        let mut joined = vec![false; self.values.len()];
        for (id, value) in self.values.iter().enumerate() {
            if let Host::Slice { whole, .. } = value.host {
                joined[whole] = true;
                joined[id] = true;
            }
        }
        for index in 0..self.tasks.len() {
            self.host_parts(graph, index, &mut joined);
        }
        for index in 0..self.tasks.len() {
            let Some(output) = self.tasks[index].writes.first().copied() else { continue };
            if let Some(dead) = self.overwritable(graph, index).filter(|dead| !joined[*dead])
                && !joined[output]
                && self.values[output].host == Host::Own
            {
                self.values[output].host = Host::Over(dead);
            }
        }
    }

    /// The branches of a concat are parts of its result, and so is what `channels` takes of its input.
    fn host_parts(&mut self, graph: &Graph<'_>, index: usize, joined: &mut [bool]) {
        let Task { work: Work::Forward(_), node: Some(node), reads, writes } = &self.tasks[index] else { return };
        let (node, reads, output) = (*node, reads.clone(), writes[0]);
        let mut host = |value: ValueId, whole: ValueId, first: usize| {
            // A value that is in two concats, or twice in one, is copied into the others.
            if self.values[value].host == Host::Own && self.root(whole) != value {
                self.values[value].host = Host::Slice { whole, first };
                joined[value] = true;
                joined[whole] = true;
            }
        };
        match graph.nodes[node].op {
            Op::Concat => {
                let mut first = 0;
                for (read, input) in reads.iter().zip(graph.nodes[node].inputs) {
                    host(*read, output, first);
                    first += graph.shape(*input).channels();
                }
            }
            Op::Rearrange(Rearrange::Channels(range)) => host(output, reads[0], range.first),
            _ => {}
        }
    }

    /// A value that a task may write over: one that its kernel can, and that nothing reads afterwards.
    fn overwritable(&self, graph: &Graph<'_>, index: usize) -> Option<ValueId> {
        let task = &self.tasks[index];
        let op = task.node.map(|node| &graph.nodes[node].op);
        let in_place = op.is_some_and(|op| op.facts().in_place);
        let candidates: &[ValueId] = match (&task.work, op) {
            (Work::Forward(_), _) if in_place => &task.reads,
            (Work::Dropout | Work::Sum | Work::Loss(_) | Work::NormInput, _) => &task.reads,
            (Work::Inputs { .. }, Some(Op::Activation(_) | Op::BatchNorm(_) | Op::Scale { .. })) => &task.reads,
            _ => return None,
        };
        let size = |value: ValueId| (self.values[value].shape.size(), self.values[value].shape.channels());
        let is_dead = |value: ValueId| {
            let later = self.tasks[index + 1..].iter().any(|later| later.reads.contains(&value));
            let twice = task.reads.iter().filter(|read| **read == value).count() > 1;
            !later && !twice && size(value) == size(task.writes[0])
        };
        candidates.iter().copied().find(|value| is_dead(*value))
    }
}

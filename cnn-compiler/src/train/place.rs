//! Where values lie in the workspace of an image, and for how long.

use cnn_net::graph::Graph;
use cnn_net::memory::Holds;
use cnn_net::op::{Op, Padding};
use cnn_runtime::kernels::gradient::batch_norm::BatchNormGradient;
use cnn_runtime::kernels::gradient::bias::BiasGradient;
use cnn_runtime::kernels::gradient::gains::NormaliseWeightGradient;
use cnn_runtime::kernels::gradient::grn::GrnWeightGradient;
use cnn_runtime::kernels::gradient::parameters::{PreluWeightGradient, ScaleWeightGradient};
use cnn_runtime::kernels::gradient::plain::upstream_halo;
use cnn_runtime::kernels::layout::Halo;
use cnn_runtime::kernels::minibatch::batch_norm::BatchNormStatistics;
use cnn_runtime::kernels::user::CustomMap;
use cnn_runtime::kernels::{gradient, plain};
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::SLACK;

use super::algorithm::{Algorithms, Backward};
use super::program::{Host, Program, Task, ValueId, Work};
use crate::plan::{Buffer, lower_bound, place_many, round_up, widest};

/// The workspace of an image.
pub(super) struct Places {
    /// Of values, then of scratch memory.
    pub(super) buffers: Vec<Buffer>,
    /// Where each value lies.
    pub(super) maps: Vec<Map>,
    /// The first float of each task's scratch memory, if it has some.
    pub(super) scratch: Vec<usize>,
    /// How many floats there are.
    pub(super) len: usize,
    /// The most that are alive at once.
    pub(super) lower_bound: usize,
    /// The zeros around buffers that a task is the first to write into.
    pub(super) halos: Vec<(usize, Halo)>,
}

impl Program {
    /// Places all values. Times are positions of tasks.
    pub(super) fn place(&self, graph: &Graph<'_>) -> Places {
        let mut buffers: Vec<Buffer> = Vec::new();
        let mut of_root: Vec<Option<usize>> = vec![None; self.values.len()];
        for (time, task) in self.tasks.iter().enumerate() {
            for value in task.reads.iter().chain(&task.writes) {
                let buffer = self.buffer(*value, &mut of_root, &mut buffers);
                buffers[buffer].first = buffers[buffer].first.min(time);
                buffers[buffer].last = buffers[buffer].last.max(time);
            }
            if let Some((value, halo)) = self.halo(graph, task) {
                let buffer = self.buffer(value, &mut of_root, &mut buffers);
                buffers[buffer].halo = widest(buffers[buffer].halo, halo);
            }
        }
        for buffer in &mut buffers {
            // A kernel may load a vector at the last element.
            buffer.len = round_up(buffer.floats() + SLACK - 1);
        }
        // The losses are added up at the end of all of them.
        for head in &self.heads {
            let buffer = self.buffer(head.losses, &mut of_root, &mut buffers);
            buffers[buffer].last = buffers[buffer].last.max(self.forward);
        }
        let scratch: Vec<Option<usize>> = self
            .tasks
            .iter()
            .enumerate()
            .map(|(time, task)| {
                let floats = self.scratch(graph, task)?;
                buffers.push(Buffer::vector(Holds::Scratch, floats, time, time));
                Some(buffers.len() - 1)
            })
            .collect();
        let len = place_many(&mut buffers);
        let maps = (0..self.values.len()).map(|value| self.map(value, &of_root, &buffers)).collect();
        let scratch = scratch.into_iter().map(|buffer| buffer.map_or(0, |buffer| buffers[buffer].offset)).collect();
        let with_halo = buffers.iter().filter(|buffer| !buffer.halo.is_none());
        let halos = with_halo.map(|buffer| (buffer.first, Halo { map: buffer.map(), zeros: buffer.halo })).collect();
        Places { lower_bound: lower_bound(&buffers), buffers, maps, scratch, len, halos }
    }

    /// The buffer that a value lies in.
    fn buffer(&self, value: ValueId, of_root: &mut [Option<usize>], buffers: &mut Vec<Buffer>) -> usize {
        let root = self.root(value);
        *of_root[root].get_or_insert_with(|| {
            let shape = self.values[root].shape;
            buffers.push(Buffer { value: Some(root), ..Buffer::new(shape.size(), shape.channels()) });
            buffers.len() - 1
        })
    }

    /// The map of a value; it is meaningless for one that no task touches.
    fn map(&self, value: ValueId, of_root: &[Option<usize>], buffers: &[Buffer]) -> Map {
        let (size, channels) = (self.values[value].shape.size(), self.values[value].shape.channels());
        let Some(buffer) = of_root[self.root(value)] else {
            return Map::dense(0, size.height, size.width, channels);
        };
        let map = buffers[buffer].map();
        Map { offset: map.offset + self.channel(value), height: size.height, width: size.width, channels, ..map }
    }

    /// A value's first channel in its buffer.
    fn channel(&self, value: ValueId) -> usize {
        match self.values[value].host {
            Host::Own => 0,
            Host::Slice { whole, first } => first + self.channel(whole),
            Host::Over(dead) => self.channel(dead),
        }
    }

    /// The zeros that a task reads around a value.
    fn halo(&self, graph: &Graph<'_>, task: &Task) -> Option<(ValueId, Padding)> {
        let node = task.node?;
        let op = &graph.nodes[node].op;
        let (input, output) = (graph.shape(graph.nodes[node].inputs[0]).size(), graph.nodes[node].output.size());
        let upstream = || *task.reads.last().unwrap_or(&0);
        let algorithms = &self.algorithms[node];
        match (&task.work, op) {
            (Work::Forward(_), Op::Conv(conv)) => Some((task.reads[0], algorithms.forward.halo(conv, input, output))),
            (Work::Forward(_), _) | (Work::Tensors, Op::Conv(_)) => {
                Some((task.reads[0], plain::halo(op, input, output)))
            }
            (Work::Inputs { .. }, _) | (Work::Tensors, Op::ConvTranspose(_)) => {
                let halo = match (&task.work, &algorithms.backward) {
                    (Work::Inputs { .. }, Backward::Conv(conv, algorithm)) => algorithm.halo(conv, output, input),
                    (Work::Inputs { .. }, Backward::Rows) => Padding::NONE,
                    _ => upstream_halo(op, input, output),
                };
                Some((upstream(), halo))
            }
            _ => None,
        }
    }

    /// Floats of a task's scratch memory.
    fn scratch(&self, graph: &Graph<'_>, task: &Task) -> Option<usize> {
        let node = task.node?;
        let elements = |value: &ValueId| self.values[*value].shape.elements();
        let Algorithms { forward, backward } = &self.algorithms[node];
        match task.work {
            Work::Forward(_) if matches!(graph.nodes[node].op, Op::Conv(_)) => {
                forward.scratch(graph.nodes[node].output.size())
            }
            Work::Inputs { .. } => {
                let inputs = graph.nodes[node].inputs.iter().map(|input| graph.shape(*input));
                if let Op::Custom(layer) = &graph.nodes[node].op {
                    return Some(CustomMap::scratch_floats(layer, inputs.map(|input| input.elements()).sum()));
                }
                let input = graph.shape(graph.nodes[node].inputs[0]);
                match backward {
                    Backward::Conv(_, algorithm) => algorithm.scratch(input.size()),
                    Backward::Transposed | Backward::Rows => {
                        gradient::plain::scratch(&graph.nodes[node].op, input.channels())
                    }
                }
            }
            Work::Forward(_) => {
                let elements = task.reads.iter().map(elements).sum();
                plain::scratch(&graph.nodes[node].op, elements, graph.nodes[node].output.channels())
            }
            Work::Statistics => Some(BatchNormStatistics::scratch_len(self.values[task.reads[0]].shape.channels())),
            Work::NormTensors => Some(BatchNormGradient::scratch_len(self.values[task.reads[0]].shape.channels())),
            Work::Tensors => {
                let channels = self.values[*task.reads.last()?].shape.channels();
                match graph.nodes[node].op {
                    Op::Grn { .. } => Some(GrnWeightGradient::scratch_len(channels)),
                    Op::Norm(_) => Some(NormaliseWeightGradient::scratch_len(channels)),
                    Op::Scale { .. } => Some(ScaleWeightGradient::scratch_len(channels)),
                    Op::Prelu(_) => Some(PreluWeightGradient::scratch_len(channels)),
                    Op::ConvTranspose(_) => Some(BiasGradient::scratch_len(channels)),
                    Op::Custom(layer) => Some(BiasGradient::scratch_len(layer.weights())),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

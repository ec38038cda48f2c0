//! Tasks to kernels with all their numbers.

use std::collections::BTreeSet;

use cnn_net::graph::{Graph, Role};
use cnn_net::op::{Activation, BatchNorm, Factor, Linear, Op, PreluPer, Store, UserLayer};
use cnn_runtime::kernels::call::{BatchCall, KernelCall};
use cnn_runtime::kernels::conv::Conv2d;
use cnn_runtime::kernels::dropout::DropoutMap;
use cnn_runtime::kernels::gradient::loss::{CrossEntropy, NumbersLoss};
use cnn_runtime::kernels::merge::{MergeCall, Merging};
use cnn_runtime::kernels::minibatch::batch_norm::{BatchNormRunning, BatchNormStatistics};
use cnn_runtime::kernels::minibatch::pack::{PackNorm, PackStep};
use cnn_runtime::kernels::plain::{Own, has_epilogue, plain};
use cnn_runtime::pack::{Layout, padded};
use cnn_runtime::place::map::Map;
use cnn_runtime::train::Loss;

use super::Spec;
use super::call::{Call, Kernel, LossOf};
use super::memory::layer;
use super::place::Places;
use super::program::{Head, Program, Task, Work};
use super::shared::{Once, Shared, TrunkPack};

/// A convolution with this many weights takes all images at once: they are more than an L2 holds.
const MANY_WEIGHTS: usize = 128 << 10;

/// The calls of all tasks; those up to the losses come first.
pub(super) struct Calls<'a> {
    pub(super) graph: &'a Graph<'a>,
    pub(super) spec: &'a Spec,
    pub(super) program: &'a Program,
    pub(super) places: &'a Places,
    pub(super) shared: &'a mut Shared,
    pub(super) calls: Vec<Call>,
    /// Where the calls of the current run of image kernels begin, and the time of the first of them.
    pub(super) section: (usize, usize),
    /// How the weights of the trunk are packed.
    trunk: Vec<TrunkPack>,
    /// What is packed already.
    pub(super) packed: BTreeSet<(usize, Once)>,
    /// Gradients that already exist, so that others are added.
    pub(super) written: BTreeSet<usize>,
}

impl<'a> Calls<'a> {
    /// The calls of a step, and how many of them come before the first gradient.
    pub(super) fn of(
        graph: &'a Graph<'a>,
        spec: &'a Spec,
        program: &'a Program,
        places: &'a Places,
        shared: &'a mut Shared,
    ) -> (Vec<Call>, usize) {
        let (section, packed, written) = ((0, 0), BTreeSet::new(), BTreeSet::new());
        let (all, trunk) = (Vec::new(), Vec::new());
        let mut calls = Self { graph, spec, program, places, shared, calls: all, section, trunk, packed, written };
        let mut forward = 0;
        for (time, task) in program.tasks.iter().enumerate() {
            if time == program.forward {
                forward = calls.calls.len();
                calls.section = (forward, time);
            }
            calls.clear_halos(time, task);
            calls.task(time, task);
        }
        if program.forward == program.tasks.len() {
            forward = calls.calls.len();
        }
        calls.shared.trunk.packs = calls.trunk;
        (calls.calls, forward)
    }

    /// The name of a task, with what is done.
    pub(super) fn name(&self, task: &Task, suffix: &str) -> String {
        let name = layer(self.graph, task);
        let joint = if suffix.is_empty() { "" } else { "." };
        format!("{name}{joint}{suffix}")
    }

    pub(super) fn image(&mut self, name: String, kernel: Box<dyn KernelCall>) {
        self.calls.push(Call::new(name, Kernel::Image(kernel)));
    }

    /// A kernel that ends a run of image kernels.
    pub(super) fn whole(&mut self, time: usize, call: Call) {
        self.calls.push(call);
        self.section = (self.calls.len(), time + 1);
    }

    pub(super) fn batch(&mut self, time: usize, name: String, kernel: Box<dyn BatchCall>) {
        self.whole(time, Call::new(name, Kernel::Batch(kernel)));
    }

    /// Something that is done before the current run of image kernels. Returns its time.
    pub(super) fn before(&mut self, name: String, kernel: Box<dyn BatchCall>) {
        self.calls.insert(self.section.0, Call::new(name, Kernel::Batch(kernel)));
        self.section.0 += 1;
    }

    pub(super) fn map(&self, value: usize) -> Map {
        self.places.maps[value]
    }

    /// The maps that a node reads, and the one that it writes.
    pub(super) fn maps(&self, node: usize) -> (Vec<Map>, Map) {
        let inputs = self.program.inputs(self.graph, node);
        (inputs.into_iter().map(|input| self.map(input)).collect(), self.map(self.program.outputs[node]))
    }

    /// The node whose tensors a node has.
    pub(super) fn owner(&self, node: usize) -> usize {
        self.graph.nodes[node].again.unwrap_or(node)
    }

    pub(super) fn tensor(&self, node: usize, role: Role) -> Option<usize> {
        self.shared.tensor(self.graph, node, role).map(|place| place.offset)
    }

    fn clear_halos(&mut self, time: usize, task: &Task) {
        for (_, halo) in self.places.halos.iter().filter(|(first, _)| *first == time) {
            let name = self.name(task, "halo");
            self.image(name, Box::new(*halo));
        }
    }

    fn task(&mut self, time: usize, task: &Task) {
        let node = task.node.unwrap_or(0);
        match &task.work {
            Work::Load(input) => {
                let kernel = Kernel::Load(*input, Box::new(self.map(task.writes[0])));
                self.calls.push(Call::new(self.name(task, ""), kernel));
            }
            Work::Forward(activation) => self.forward(time, task, node, *activation),
            Work::Statistics => self.statistics(time, task, node),
            Work::Dropout => self.dropout(task, node),
            Work::Loss(head) => self.loss(task, *head),
            Work::Inputs { wanted } => self.inputs(time, task, node, wanted),
            Work::Tensors => self.tensors(time, task, node),
            Work::NormTensors => self.norm_tensors(time, task, node),
            Work::NormInput => self.norm_input(time, task, node),
            Work::Dense => self.dense(time, task, node),
            Work::Sum => {
                let inputs = task.reads.iter().map(|part| self.map(*part)).collect();
                let (output, activation) = (self.map(task.writes[0]), Activation::Identity);
                let sum = MergeCall { inputs, output, activation, merging: Merging::Sum };
                self.image(self.name(task, "sum"), Box::new(sum));
            }
        }
    }

    /// The layer.
    fn forward(&mut self, time: usize, task: &Task, node: usize, activation: Activation) {
        let op = in_single_precision(self.graph.nodes[node].op);
        let (inputs, output) = self.maps(node);
        let scratch = self.places.scratch[time];
        let applied = if has_epilogue(&op) { activation } else { Activation::Identity };
        let algorithm = self.program.algorithms[node].forward;
        let make = |weights| match op {
            Op::Conv(conv) => {
                let conv = Conv2d::of(&conv, inputs[0], output).weights(weights).activation(applied);
                vec![algorithm.kernel(conv, scratch)]
            }
            _ => plain(&op, applied, &inputs, output, Own { weights, scratch }),
        };
        let mut kernels = make(self.user_tensors_at(node));
        let is_trunk = self.shared.trunk.has(node);
        let weights = kernels.iter().find_map(|kernel| kernel.weights());
        // A user-defined layer reads its tensors as they are, unless they are in the trunk.
        if let Some(weights) = weights.filter(|_| is_trunk || !matches!(op, Op::Custom(_))) {
            let owner = self.owner(node);
            let trained_norm = matches!(op, Op::BatchNorm(_)) && !self.spec.frozen[node];
            let offset = if is_trunk {
                self.pack_trunk(task, node, weights.layout)
            } else if trained_norm {
                // Written by the statistics.
                self.shared.once(node, Once::Weights, weights.layout.len(), time)
            } else {
                let offset = self.shared.once(owner, Once::Weights, weights.layout.len(), time);
                self.pack(task, node, weights.layout, Once::Weights, offset);
                offset
            };
            kernels = make(offset);
        }
        for kernel in kernels {
            let name = self.name(task, "");
            self.product(time, name, kernel, is_trunk);
        }
    }

    /// Where the tensors of a user-defined layer begin, which are read as they are.
    pub(super) fn user_tensors_at(&self, node: usize) -> usize {
        let Op::Custom(UserLayer { tensors: [first, ..], .. }) = self.graph.nodes[node].op else { return 0 };
        self.tensor(node, first.role()).unwrap_or(0)
    }

    /// A kernel of a layer, which may be in the trunk. It takes all images at once if it then reads weights once, or if
    /// its memory then stays in the cache.
    pub(super) fn product(&mut self, time: usize, name: String, kernel: Box<dyn KernelCall>, trunk: bool) {
        let many = kernel.weights().is_some_and(|weights| match weights.layout {
            Layout::Winograd(_) => true,
            layout => layout.len() >= MANY_WEIGHTS,
        });
        let trunk = trunk && kernel.weights().is_some();
        if kernel.has_batch() && (many || kernel.function() == "dense") {
            self.whole(time, Call { trunk, ..Call::new(name, Kernel::Images(kernel)) });
        } else {
            self.calls.push(Call { trunk, ..Call::new(name, Kernel::Image(kernel)) });
        }
    }

    /// Packs the weights of a node of the trunk, once. Returns where they begin.
    fn pack_trunk(&mut self, task: &Task, node: usize, layout: Layout) -> usize {
        let owner = self.owner(node);
        let offset = self.shared.trunk.place(owner, layout.len());
        if !self.packed.insert((owner, Once::Weights)) {
            return offset;
        }
        let first = self.shared.tensors_len;
        let in_trunk = |norm: PackNorm| PackNorm { tensors: norm.tensors.moved_back(first), ..norm };
        let of_role = |role| self.tensor(node, role).map(|offset| offset - first);
        let (weight, bias, norm) = match self.graph.nodes[node].op {
            Op::BatchNorm(_) => (None, None, self.shared.folded(self.graph, node)),
            Op::Custom(_) => {
                let tensor = self.shared.tensors.iter().find(|place| place.node == owner);
                (tensor.map(|place| place.offset - first), None, None)
            }
            _ => {
                let norm = self.program.norms[node].and_then(|norm| self.shared.folded(self.graph, norm));
                (of_role(Role::Weight), of_role(Role::Bias), norm)
            }
        };
        let to = self.shared.trunk.tensors_len + offset;
        let spread = is_spread(&self.graph.nodes[node].op);
        let step = PackStep { layout, to, weight, spread, bias, norm: norm.map(in_trunk), turned: false };
        self.trunk.push(TrunkPack { name: self.name(task, "pack"), step });
        offset
    }

    /// Packs the weights of a node at the beginning of the run of image kernels, unless they are packed.
    pub(super) fn pack(&mut self, task: &Task, node: usize, layout: Layout, what: Once, to: usize) {
        let owner = self.owner(node);
        self.shared.once(owner, what, layout.len(), self.section.1);
        if !self.packed.insert((owner, what)) {
            return;
        }
        let op = self.graph.nodes[node].op;
        let (name, tensors) = (self.name(task, "pack"), self.shared.norm(self.graph, node));
        if let Op::BatchNorm(BatchNorm { eps, .. }) = op {
            let channels = self.graph.nodes[node].output.channels();
            let needed = self.has_gradient(owner);
            let gradient = needed.then(|| self.shared.once(owner, Once::Inputs, layout.len(), self.section.1));
            return self.before(name, Box::new(BatchNormRunning { channels, eps, tensors, to, gradient }));
        }
        let weight = self.tensor(node, Role::Weight).or(self.shared.constant(node));
        let bias = if what == Once::Weights { self.tensor(node, Role::Bias) } else { None };
        let turned = what == Once::Inputs && matches!(layout, Layout::Winograd(_));
        let norm = self.program.norms[node].and_then(|norm| self.shared.folded(self.graph, norm));
        let spread = is_spread(&op);
        self.before(name, Box::new(PackStep { layout, to, weight, spread, bias, norm, turned }));
    }

    /// Whether there are gradients of the inputs of a node, or of one that it applies again.
    fn has_gradient(&self, owner: usize) -> bool {
        let is_of = |task: &Task| task.node.is_some_and(|node| self.owner(node) == owner);
        self.program.tasks.iter().any(|task| matches!(task.work, Work::Inputs { .. }) && is_of(task))
    }

    fn statistics(&mut self, time: usize, task: &Task, node: usize) {
        let Op::BatchNorm(norm) = self.graph.nodes[node].op else { return };
        let input = self.map(task.reads[0]);
        let row = 2 * padded(input.channels);
        let tensors = self.shared.norm(self.graph, node);
        let to = self.shared.once(node, Once::Weights, row, time);
        let statistics = self.shared.once(node, Once::Statistics, row, time);
        let scratch = self.places.scratch[time];
        let training = BatchNormStatistics { input, norm, tensors, to, statistics, scratch };
        let running = BatchNormRunning { channels: input.channels, eps: norm.eps, tensors, to, gradient: None };
        self.whole(time, Call::new(self.name(task, "statistics"), Kernel::Norm(Box::new(training), running)));
    }

    fn dropout(&mut self, task: &Task, node: usize) {
        let Op::Dropout { p } = self.graph.nodes[node].op else { return };
        let (input, output) = (self.map(task.reads[0]), self.map(task.writes[0]));
        let kernel = Kernel::Dropout(DropoutMap { input, output, p, layer: node });
        self.calls.push(Call::new(self.name(task, ""), kernel));
    }

    fn loss(&mut self, task: &Task, head: usize) {
        let (logits, output) = (self.map(task.reads[0]), self.map(task.writes[0]));
        let loss = self.map(task.writes[1]).offset;
        let Head { output: target, criterion, .. } = self.program.heads[head];
        let of = criterion.weight / self.spec.images as f32;
        let of_number = NumbersLoss { input: logits, output, loss, weight: of / output.elements() as f32 };
        let kernel = match criterion.loss {
            Loss::MeanSquared => LossOf::MeanSquared(of_number),
            Loss::BinaryCrossEntropy => LossOf::BinaryCrossEntropy(of_number),
            Loss::CrossEntropy { smoothing } => {
                let (weight, smoothing) = (of / output.pixels() as f32, smoothing as f32);
                LossOf::CrossEntropy(CrossEntropy { logits, output, loss, weight, smoothing })
            }
            _ => return,
        };
        self.calls.push(Call::new(self.name(task, ""), Kernel::Loss(target, Box::new(kernel))));
    }
}

/// Whether a layer has one number that stands for those of all channels.
fn is_spread(op: &Op) -> bool {
    matches!(op, Op::Scale { factor: Factor::Tensor } | Op::Prelu(PreluPer::Tensor))
}

/// Training computes with weights as they are.
fn in_single_precision(op: Op) -> Op {
    match op {
        Op::Linear(linear) => Op::Linear(Linear { store: Store::F32, ..linear }),
        op => op,
    }
}

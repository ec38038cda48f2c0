//! [`Optimised`] to [`Plan`]: kernels with all their numbers, one workspace, one array of packed weights.

mod accuracy;
mod algorithm;
mod arena;
mod batch;
mod budget;
mod calls;
mod choice;
mod error;
mod layout;
mod memory;
mod order;
mod pass;
mod pooling;
mod share;

use cnn_net::graph::Graph;
use cnn_net::op::Op;
use cnn_runtime::kernels::call::KernelCall;
use cnn_runtime::network::steps;
use cnn_runtime::pack::Pack;
use cnn_runtime::place::map::Map;

use crate::ast::{Algorithms, Budget};
use crate::describe::describe;
use crate::graph::Node;
use crate::optimise::Optimised;
use crate::step::{Fused, Step, StepKind, ValueId};

use self::accuracy::Model;
use self::budget::Search;
use self::choice::{Choice, Way};

pub(crate) use algorithm::{frozen, in_training};
pub use arena::Buffer;
pub(crate) use arena::{lower_bound, place_many, round_up};
pub use budget::OverBudget;
pub(crate) use layout::widest;
pub use order::{Act, Part};
pub use pass::Gather;
pub(crate) use pass::Pass;

/// A net as the kernels that run it.
pub struct Plan {
    /// The net's steps.
    pub(crate) net: Optimised,
    /// Images per pass.
    pub(crate) images: usize,
    /// The kernels, in order.
    pub calls: Vec<Call>,
    /// Floats of packed weights.
    pub packed_len: usize,
    /// Floats of the workspace of an image.
    pub workspace_len: usize,
    /// Floats from the workspace of an image to that of the next one of a batch, which overlaps it: `plan/batch.rs`
    /// says how. 0 if each image is computed on its own.
    pub distance: usize,
    /// The most floats that are alive at once: no workspace could be smaller.
    pub lower_bound: usize,
    /// The buffers in the workspace.
    pub buffers: Vec<Buffer>,
    /// Where the outputs are, contiguous, each in the order channels, rows, columns.
    pub output: Range,
    /// Where the taps are, in their order.
    pub taps: Vec<Range>,
    /// When these can be read.
    pub(crate) complete: Complete,
}

/// The number of calls after which what leaves the net can be read. In a batch, later calls may overwrite it.
pub(crate) struct Complete {
    pub(crate) output: usize,
    /// Each tap.
    pub(crate) taps: Vec<usize>,
}

/// Adjacent floats in the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first one.
    pub offset: usize,
    /// How many.
    pub len: usize,
}

/// One kernel call.
#[derive(Debug)]
pub struct Call {
    /// The name of the layer, or what is done for it.
    pub name: String,
    /// What it is for.
    pub purpose: Purpose,
    /// The kernel and its numbers.
    pub kernel: Box<dyn KernelCall>,
    /// How its weights are packed, if it has some.
    pub pack: Option<Pack>,
    /// Whether it takes all images of a batch.
    pub shared: bool,
    /// What it uses of the workspace, for one image: of a batch, for the first.
    pub uses: Uses,
}

/// What a kernel call writes into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uses {
    /// Its output, from the first float to the last; between these, there may be floats of others.
    pub output: Range,
    /// What it computes in.
    pub scratch: Option<Range>,
}

impl From<Range> for Uses {
    /// A call without scratch memory.
    fn from(output: Range) -> Self {
        Self { output, scratch: None }
    }
}

impl From<Map> for Range {
    /// From the first element to the last.
    fn from(map: Map) -> Self {
        Self { offset: map.offset, len: map.end() - map.offset }
    }
}

/// What a kernel call is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It computes these nodes: a layer, and what was fused into its kernel.
    Computes(Vec<usize>),
    /// It reads an input of the net.
    Reads(usize),
    /// It moves numbers for a node; none for an input.
    Moves(Option<usize>),
}

/// What a plan is made for.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Which algorithms convolutions may have.
    pub algorithms: Algorithms,
    /// Images per pass.
    pub images: usize,
    /// How large the workspace may be.
    pub budget: Budget,
}

/// Plans a net.
///
/// Without a budget, weights are packed the same way for any number of images, so a net for a batch shares those of the
/// net for one image.
///
/// # Errors
///
/// If even the smallest workspace exceeds the limit.
pub fn plan(mut net: Optimised, options: Options) -> Result<Plan, OverBudget> {
    let stream = algorithm::stream(net.weight_bytes());
    let model = Model::of(&net, options.algorithms == Algorithms::Folded);
    let choices = net.steps.iter().map(|step| {
        let choices = net.choices(step, stream, options.algorithms);
        choices.into_iter().map(|choice| model.error(step.inputs[0], choice)).collect()
    });
    let mut choices: Vec<Vec<Choice>> = choices.collect();
    let settled = accuracy::settle(&model, &choices);
    let finish = |mut net: Optimised, most: usize| {
        net.fuse_pools();
        let layout = layout::layout(&net);
        net.batched(layout, options.images, stream, most)
    };
    if options.budget != Budget::Any {
        // What was too inexact stays out.
        for (choices, settled) in choices.iter_mut().zip(&settled) {
            let error = choices.iter().find(|choice| Some(choice.way) == *settled).map_or(0.0, |choice| choice.error);
            choices.retain(|choice| choice.error <= error || choice.way.is_exact());
            choices.extend(choices.clone().into_iter().flat_map(algorithm::in_smaller_blocks));
        }
        return Search { net: &net, choices: &choices, plan: &finish }.within(&settled, options.budget);
    }
    net.decide(&settled);
    Ok(finish(net, usize::MAX).plan)
}

impl Optimised {
    /// Bytes of all weights used at inference, as declared.
    fn weight_bytes(&self) -> usize {
        let own = |step: &&Step| self.shaped.graph.nodes[step.node()].again.is_none();
        let tensors = self.steps.iter().filter(own).flat_map(|step| &self.shaped.tensors[step.node()]);
        tensors.map(|tensor| tensor.shape.iter().product::<usize>() * size_of::<f32>()).sum()
    }

    /// The ways to compute a step that has weights, the fastest first, where a byte of them costs `stream`; none for others.
    fn choices(&self, step: &Step, stream: f64, algorithms: Algorithms) -> Vec<Choice> {
        let input = step.inputs[0];
        let (conv, fused) = match &step.kind {
            StepKind::Conv { conv, fused, .. } => (conv, fused),
            StepKind::Linear { linear, .. } => {
                let zeros = self.has_zeros(input);
                return vec![algorithm::linear(linear, self.values[input], stream, zeros)];
            }
            StepKind::ConvTranspose { .. } | StepKind::Plain { .. } => return Vec::new(),
        };
        let (channels, output) = (self.values[input].channels(), self.values[step.output].size());
        // Nothing lies between pixels, nothing is added.
        let plain = !fused.residual && !self.is_joined(input);
        let mut choices = algorithm::choices(conv, channels, output, stream, plain);
        choices.retain(|choice| algorithms != Algorithms::Exact || choice.way.is_exact());
        choices
    }

    /// Sets how each step is computed.
    fn decide(&mut self, ways: &[Option<Way>]) {
        for (step, way) in self.steps.iter_mut().zip(ways) {
            match (&mut step.kind, way) {
                (StepKind::Conv { algorithm, .. }, Some(Way::Conv(chosen))) => *algorithm = *chosen,
                (StepKind::Linear { nonzero, .. }, Some(Way::Linear { nonzero: chosen })) => *nonzero = *chosen,
                (
                    StepKind::Conv { .. }
                    | StepKind::ConvTranspose { .. }
                    | StepKind::Linear { .. }
                    | StepKind::Plain { .. },
                    _,
                ) => {}
            }
        }
    }

    /// Whether many elements of a value are zero, because they come from a ReLU.
    fn has_zeros(&self, value: ValueId) -> bool {
        let Some(step) = self.steps.iter().find(|step| step.output == value) else { return false };
        let keeps = |op: &Op| op.facts().keeps_zeros && step.inputs.iter().all(|input| self.has_zeros(*input));
        match &step.kind {
            StepKind::Conv { fused: Fused { activation, .. }, .. }
            | StepKind::ConvTranspose { fused: Fused { activation, .. }, .. }
            | StepKind::Linear { fused: Fused { activation, .. }, .. }
            | StepKind::Plain { op: Op::Activation(activation), .. } => activation.is_rectifier(),
            StepKind::Plain { op, activation } => activation.is_rectifier() || keeps(op),
        }
    }

    /// Whether a value is part of a concat, or of the input of `channels`, so that channels of other values lie between its own.
    fn is_joined(&self, value: ValueId) -> bool {
        let is_part = |step: &Step| step.channels().is_some() && step.output == value;
        self.steps.iter().any(|step| step.is_concat() && step.inputs.contains(&value) || is_part(step))
    }
}

impl Call {
    /// What it does, in a net with this description: `1x32x32 -> 6x28x28: conv 5x5, tanh`.
    #[must_use]
    pub fn doc(&self, graph: &Graph<'_>) -> String {
        self.describe(|step| step.doc(graph).to_string())
    }

    /// Calls `read` with its line in `STEPS`.
    pub fn describe<R>(&self, read: impl FnOnce(&steps::Step<'_>) -> R) -> R {
        let (kernel, algorithm) = (self.kernel.function(), self.kernel.algorithm());
        let step = match &self.purpose {
            Purpose::Computes(nodes) => steps::Step::new(&self.name, kernel, &algorithm, nodes),
            Purpose::Reads(_) => steps::Step::moves(&self.name, kernel, None),
            Purpose::Moves(serves) => steps::Step::moves(&self.name, kernel, *serves),
        };
        read(&if self.shared { step.shared() } else { step })
    }
}

impl Plan {
    /// How the weights of all kernels are packed, in order.
    #[must_use]
    pub fn recipe(&self) -> Vec<Pack> {
        self.calls.iter().filter_map(|call| call.pack).collect()
    }

    /// The layers of the net as declared.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.net.shaped.graph.nodes.iter()
    }

    /// The lines that a message about a node inside a block adds.
    pub(crate) fn context(&self, node: &Node) -> Vec<String> {
        self.net.shaped.graph.context(node)
    }

    /// Calls `read` with the description of the net as declared.
    pub fn describe<R>(&self, name: &str, doc: &str, read: impl FnOnce(&Graph<'_>) -> R) -> R {
        describe(name, doc, &self.net.shaped, read)
    }
}

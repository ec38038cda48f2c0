//! What runs: layers with their arguments, what was fused into them, and how they are computed. A step is complete: no
//! later stage looks up the layer that it came from.

mod algorithm;

use cnn_net::op::{Activation, Conv, ConvTranspose, Interval, Linear, Op, Rearrange, Shape};
use cnn_runtime::kernels::plain::{self, has_epilogue};

pub(crate) use self::algorithm::Algorithm;

/// A value: an index into [`Optimised::values`](crate::optimise::Optimised::values). The net's inputs are the first.
pub(crate) type ValueId = usize;

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) kind: StepKind,
    /// What it reads.
    pub(crate) inputs: Vec<ValueId>,
    /// What it writes.
    pub(crate) output: ValueId,
    /// The nodes that it computes, indices into the graph's nodes: the first names it, the others were fused into it.
    pub(crate) nodes: Vec<usize>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum StepKind {
    /// A convolution.
    Conv { conv: Conv, fused: Fused, algorithm: Algorithm },
    /// A transposed convolution.
    ConvTranspose { conv: ConvTranspose, fused: Fused },
    /// A fully connected layer.
    Linear {
        linear: Linear,
        fused: Fused,
        /// Whether it skips zeros in its input.
        nonzero: bool,
    },
    /// Any other layer: there is one way to compute it, with a function at the end if its kernel has room for one.
    Plain { op: Op, activation: Activation },
}

/// What was fused into a convolution or a fully connected layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fused {
    /// The batch normalisation or the scale after it, an index into the graph's nodes.
    pub(crate) norm: Option<usize>,
    /// Whether the step's second input is added.
    pub(crate) residual: bool,
    /// The function after it.
    pub(crate) activation: Activation,
}

impl Fused {
    const NOTHING: Self = Self { norm: None, residual: false, activation: Activation::Identity };
}

impl Step {
    /// The node that names it.
    pub(crate) fn node(&self) -> usize {
        self.nodes[0]
    }

    /// Whether its inputs become parts of its output.
    pub(crate) fn is_concat(&self) -> bool {
        matches!(self.kind, StepKind::Plain { op: Op::Concat, .. })
    }

    /// The channels of its input that its output consists of, if it does nothing else.
    pub(crate) fn channels(&self) -> Option<Interval> {
        match self.kind {
            StepKind::Plain { op: Op::Rearrange(Rearrange::Channels(range)), .. } => Some(range),
            StepKind::Plain { .. }
            | StepKind::Conv { .. }
            | StepKind::ConvTranspose { .. }
            | StepKind::Linear { .. } => None,
        }
    }

    /// The inputs that it may write over while it reads them.
    pub(crate) fn overwritable(&self) -> &[ValueId] {
        match &self.kind {
            StepKind::Conv { .. } | StepKind::ConvTranspose { .. } | StepKind::Linear { .. } => {
                self.inputs.get(1..).unwrap_or_default()
            }
            StepKind::Plain { op, .. } if op.facts().in_place => &self.inputs,
            StepKind::Plain { .. } => &[],
        }
    }
}

impl StepKind {
    /// What a layer does at inference; nothing for some.
    pub(crate) fn of(op: &Op) -> Option<Self> {
        let fused = Fused::NOTHING;
        match *op {
            _ if op.is_identity() => None,
            Op::Conv(conv) => Some(Self::Conv { conv, fused, algorithm: Algorithm::Direct }),
            Op::ConvTranspose(conv) => Some(Self::ConvTranspose { conv, fused }),
            Op::Linear(linear) => Some(Self::Linear { linear, fused, nonzero: false }),
            op => Some(Self::Plain { op, activation: Activation::Identity }),
        }
    }

    /// Where an element-wise function can go into this step.
    pub(crate) fn activation_mut(&mut self) -> Option<&mut Activation> {
        match self {
            Self::Conv { fused, .. } | Self::ConvTranspose { fused, .. } | Self::Linear { fused, .. } => {
                Some(&mut fused.activation)
            }
            Self::Plain { op, activation } => has_epilogue(op).then_some(activation),
        }
    }

    /// What was fused into this step, if anything can be.
    pub(crate) fn fused_mut(&mut self) -> Option<&mut Fused> {
        match self {
            Self::Conv { fused, .. } | Self::ConvTranspose { fused, .. } | Self::Linear { fused, .. } => Some(fused),
            Self::Plain { .. } => None,
        }
    }

    /// Whether it has weights that a batch shares.
    pub(crate) fn is_product(&self) -> bool {
        matches!(self, Self::Conv { .. } | Self::Linear { .. })
    }

    /// Floats of its scratch memory, for inputs of this many elements in total and an output of this shape.
    pub(crate) fn scratch(&self, inputs: usize, output: Shape) -> Option<usize> {
        match self {
            Self::Conv { algorithm, .. } => algorithm.scratch(algorithm.computed(output.size())),
            Self::Plain { op, .. } => plain::scratch(op, inputs, output.channels()),
            Self::ConvTranspose { .. } | Self::Linear { .. } => None,
        }
    }

    /// How it is computed; directly, if there is nothing to choose.
    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Conv { algorithm, .. } => *algorithm,
            Self::ConvTranspose { .. } | Self::Linear { .. } | Self::Plain { .. } => Algorithm::Direct,
        }
    }
}

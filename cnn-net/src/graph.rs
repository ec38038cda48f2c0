//! The static description of a net: what summaries, diagrams, weight loading and the reference executor read.

use crate::op::{Linear, Op, Shape, Store};

/// A net as it was declared, before any optimisation. `cnn::Network::GRAPH` is one in static memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Graph<'a> {
    /// The net's name in the declaration.
    pub name: &'a str,
    /// Its doc comment.
    pub doc: &'a str,
    /// Shape of the input.
    pub input: Shape,
    /// Shape of the output.
    pub output: Shape,
    /// The layers, in an order in which they can be executed.
    pub nodes: &'a [Node<'a>],
    /// The value that is the net's output.
    pub result: Value,
    /// Values that are kept as extra outputs, in the order of the declaration.
    pub taps: &'a [Tap<'a>],
    /// Auxiliary classifiers; [`Node::aux`] indexes them.
    pub aux: &'a [Aux<'a>],
}

/// A value in a [`Graph`]. Values are ordered as they are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// The net's input.
    Input,
    /// The output of a node, by its index.
    Node(usize),
}

/// One layer of a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node<'a> {
    /// Full name: `conv1`, `layer1.0.bn1`; the names of its tensors begin with it.
    pub name: &'a str,
    /// Kind and arguments.
    pub op: Op,
    /// What it reads, in order.
    pub inputs: &'a [Value],
    /// Shape of its output.
    pub output: Shape,
    /// Its parameter tensors.
    pub tensors: &'a [Tensor<'a>],
    /// Multiplications with a weight in one pass.
    pub macs: u64,
    /// The block calls it came from, outermost first: `inception3a` of block `inception`.
    pub calls: &'a [Call<'a>],
    /// The auxiliary classifier it belongs to; such nodes do not run at inference.
    pub aux: Option<usize>,
}

/// A block call that a node came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// The block's name in the declaration.
    pub block: &'a str,
    /// Full name of the call.
    pub name: &'a str,
}

/// A parameter tensor of a layer, as weight files hold it (row-major, the last dimension fastest).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tensor<'a> {
    /// Full name: `conv1.weight`.
    pub name: &'a str,
    /// Its role in the layer.
    pub role: Role,
    /// Its dimensions.
    pub shape: &'a [usize],
}

/// The role of a tensor in its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `weight` of any layer: filters, a matrix, scales, slopes.
    Weight,
    /// `bias`.
    Bias,
    /// `running_mean` of a batch normalisation; not a parameter.
    RunningMean,
    /// `running_var` of a batch normalisation; not a parameter.
    RunningVar,
}

impl Role {
    /// The last part of the tensor's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Weight => "weight",
            Self::Bias => "bias",
            Self::RunningMean => "running_mean",
            Self::RunningVar => "running_var",
        }
    }

    /// Whether training changes it by gradients, so that it counts as a parameter.
    pub const fn is_parameter(self) -> bool {
        matches!(self, Self::Weight | Self::Bias)
    }
}

impl Tensor<'_> {
    /// How many numbers it holds.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }
}

/// A value that is kept as an extra output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tap<'a> {
    /// Its name.
    pub name: &'a str,
    /// The value that is kept.
    pub value: Value,
}

/// An auxiliary classifier: a head that only training uses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aux<'a> {
    /// Its name.
    pub name: &'a str,
    /// The weight of its loss.
    pub weight: f32,
    /// Its output.
    pub result: Value,
}

/// How many layers the longest path from a net's input to its output has, as papers count them: those with filters or a
/// matrix. A ResNet-50 is 50 layers deep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Convolutions.
    pub convolutions: usize,
    /// Fully connected layers.
    pub fully_connected: usize,
}

impl Depth {
    /// The sum of both.
    pub const fn layers(&self) -> usize {
        self.convolutions + self.fully_connected
    }

    /// The depth after one more layer.
    #[cfg(feature = "alloc")]
    fn after(self, op: &Op) -> Self {
        match op {
            Op::Conv(_) => Self { convolutions: self.convolutions + 1, ..self },
            Op::Linear(_) => Self { fully_connected: self.fully_connected + 1, ..self },
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
            | Op::Mul => self,
        }
    }
}

impl<'a> Node<'a> {
    /// Trained parameters of this layer; running statistics do not count.
    pub fn parameters(&self) -> u64 {
        self.tensors.iter().filter(|t| t.role.is_parameter()).map(|t| t.elements() as u64).sum()
    }
}

impl Node<'_> {
    /// Bytes of its tensors, in the formats in which they are stored.
    pub fn weights_bytes(&self) -> u64 {
        let bytes = |tensor: &Tensor<'_>| {
            let number = match (&self.op, tensor.role) {
                (Op::Linear(Linear { store: Store::F16, .. }), Role::Weight) => size_of::<u16>(),
                _ => size_of::<f32>(),
            };
            (tensor.elements() * number) as u64
        };
        self.tensors.iter().map(bytes).sum()
    }
}

impl<'a> Graph<'a> {
    /// The shape of a value.
    pub fn shape(&self, value: Value) -> Shape {
        match value {
            Value::Input => self.input,
            Value::Node(index) => self.nodes[index].output,
        }
    }

    /// The nodes that run at inference.
    pub fn inference(&self) -> impl Iterator<Item = &'a Node<'a>> {
        self.nodes.iter().filter(|n| n.aux.is_none())
    }

    /// Trained parameters, without those of auxiliary classifiers.
    pub fn parameters(&self) -> u64 {
        self.inference().map(Node::parameters).sum()
    }

    /// Multiplications with a weight in one pass.
    pub fn macs(&self) -> u64 {
        self.inference().map(|n| n.macs).sum()
    }

    /// Bytes of the weights that inference needs, including running statistics, each in the format in which its layer stores
    /// it.
    pub fn weights_bytes(&self) -> u64 {
        self.inference().map(Node::weights_bytes).sum()
    }

    /// Layers on the longest path from the input to the output. Auxiliary classifiers lead elsewhere.
    #[cfg(feature = "alloc")]
    pub fn depth(&self) -> Depth {
        let mut depths: alloc::vec::Vec<Depth> = alloc::vec::Vec::with_capacity(self.nodes.len());
        let of = |depths: &[Depth], value: Value| match value {
            Value::Input => Depth::default(),
            Value::Node(index) => depths[index],
        };
        for node in self.nodes {
            let inputs = node.inputs.iter().map(|input| of(&depths, *input));
            let deepest = inputs.max_by_key(|depth| (depth.layers(), depth.convolutions)).unwrap_or_default();
            depths.push(deepest.after(&node.op));
        }
        of(&depths, self.result)
    }
}

//! The static description of a net, which summaries, diagrams, the weight loader and the reference executor read.

#[cfg(feature = "alloc")]
use crate::op::Kind;
use crate::op::{Linear, Op, Shape, Store};
use crate::{record, variants};

pub use crate::op::Role;

/// A net as declared, before any optimisation. `cnn::Network::GRAPH` is one in static memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Graph<'a> {
    /// The net's name in the declaration.
    pub name: &'a str,
    /// Its doc comment.
    pub doc: &'a str,
    /// What it reads, in the order of the declaration.
    pub inputs: &'a [Input<'a>],
    /// The layers, in an order in which they can be executed.
    pub nodes: &'a [Node<'a>],
    /// What it writes, in the order of the declaration.
    pub outputs: &'a [Output<'a>],
    /// Values that are kept as extra outputs, in the order of the declaration.
    pub taps: &'a [Tap<'a>],
    /// Auxiliary classifiers; [`Node::aux`] indexes them.
    pub aux: &'a [Aux<'a>],
}

/// What a net reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input<'a> {
    /// Its name; empty for the only input of a net that doesn't name it.
    pub name: &'a str,
    /// Its shape.
    pub shape: Shape,
}

/// What a net writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output<'a> {
    /// Its name; empty for the only output of a net that doesn't name it.
    pub name: &'a str,
    /// The value that is written.
    pub value: Value,
}

/// A value in a [`Graph`]. Values are ordered as they are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// An input of the net, by its index.
    Input(usize),
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
    /// The block calls it came from, outermost first: `inception3a` of block `inception`.
    pub calls: &'a [Call<'a>],
    /// The auxiliary classifier that it belongs to; such nodes do not run at inference.
    pub aux: Option<usize>,
    /// The earlier node whose layer this one applies again: both have the same tensors and the same name.
    pub again: Option<usize>,
}

/// A block call that a node came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// The block's name in the declaration.
    pub block: &'a str,
    /// Full name of the call.
    pub name: &'a str,
}

/// A parameter tensor of a layer, in the layout of weight files (row-major: the last dimension runs fastest).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tensor<'a> {
    /// Full name: `conv1.weight`.
    pub name: &'a str,
    /// Its role in the layer.
    pub role: Role,
    /// Its dimensions.
    pub shape: &'a [usize],
}

variants! { Value { Input(index), Node(index) } }
record! { Input<'a>(name: &'a str, shape: Shape) }
record! { Output<'a>(name: &'a str, value: Value) }
record! {
    Node<'a>(name: &'a str, op: Op, inputs: &'a [Value], output: Shape) {
        tensors: &'a [Tensor<'a>] = &[],
        calls: &'a [Call<'a>] = &[],
        aux: Option<usize> = None,
        again: Option<usize> = None,
    }
}
record! { Call<'a>(block: &'a str, name: &'a str) }
record! { Tensor<'a>(name: &'a str, role: Role, shape: &'a [usize]) }
record! { Tap<'a>(name: &'a str, value: Value) }
record! { Aux<'a>(name: &'a str, weight: f32, result: Value) }
record! {
    Graph<'a>(name: &'a str, inputs: &'a [Input<'a>], nodes: &'a [Node<'a>], outputs: &'a [Output<'a>]) {
        doc: &'a str = "",
        taps: &'a [Tap<'a>] = &[],
        aux: &'a [Aux<'a>] = &[],
    }
}

impl Tensor<'_> {
    /// How many numbers it holds.
    #[must_use]
    pub const fn elements(&self) -> usize {
        let (mut elements, mut i) = (1, 0);
        while i < self.shape.len() {
            elements *= self.shape[i];
            i += 1;
        }
        elements
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

/// The number of layers on the longest path from an input of a net to an output, counted as in papers: only convolutions
/// and fully connected layers. A ResNet-50 is 50 layers deep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Convolutions.
    pub convolutions: usize,
    /// Fully connected layers.
    pub fully_connected: usize,
}

impl Depth {
    /// The sum of both.
    #[must_use]
    pub const fn layers(&self) -> usize {
        self.convolutions + self.fully_connected
    }

    /// A key that is larger for deeper nets.
    #[cfg(feature = "alloc")]
    fn order(&self) -> [usize; 2] {
        [self.layers(), self.convolutions]
    }

    /// After one more layer.
    #[cfg(feature = "alloc")]
    fn and(self, op: &Op) -> Self {
        let kind = op.facts().kind;
        Self {
            convolutions: self.convolutions + usize::from(kind == Kind::Convolution),
            fully_connected: self.fully_connected + usize::from(kind == Kind::FullyConnected),
        }
    }
}

impl<'a> Node<'a> {
    /// Trained parameters of this layer, without running statistics and without tensors that an earlier node already
    /// has.
    #[must_use]
    pub const fn parameters(&self) -> u64 {
        if self.again.is_some() {
            return 0;
        }
        let (mut parameters, mut i) = (0, 0);
        while i < self.tensors.len() {
            if self.tensors[i].role.is_parameter() {
                parameters += self.tensors[i].elements() as u64;
            }
            i += 1;
        }
        parameters
    }

    /// Multiplications with a weight in one pass.
    #[must_use]
    pub const fn macs(&self) -> u64 {
        // `weight` comes first in every layer that has tensors.
        if let [weight, ..] = self.tensors { self.op.macs(weight.elements(), self.output) } else { 0 }
    }

    /// The tensors that no earlier node already has.
    #[must_use]
    pub const fn own_tensors(&self) -> &'a [Tensor<'a>] {
        if self.again.is_some() { &[] } else { self.tensors }
    }

    /// Bytes of its own tensors, in the formats in which they are stored.
    #[must_use]
    pub fn weights_bytes(&self) -> u64 {
        let bytes = |tensor: &Tensor<'_>| {
            let number = match (&self.op, tensor.role) {
                (Op::Linear(Linear { store: Store::F16, .. }), Role::Weight) => size_of::<u16>(),
                _ => size_of::<f32>(),
            };
            (tensor.elements() * number) as u64
        };
        self.own_tensors().iter().map(bytes).sum()
    }
}

impl<'a> Graph<'a> {
    /// The shape of a value.
    #[must_use]
    pub const fn shape(&self, value: Value) -> Shape {
        match value {
            Value::Input(index) => self.inputs[index].shape,
            Value::Node(index) => self.nodes[index].output,
        }
    }

    /// The shape of what the net reads for an image: its only input's, or a vector of all inputs, concatenated in the order of
    /// the declaration.
    #[must_use]
    pub const fn input(&self) -> Shape {
        if let [input] = self.inputs {
            return input.shape;
        }
        let (mut elements, mut i) = (0, 0);
        while i < self.inputs.len() {
            elements += self.inputs[i].shape.elements();
            i += 1;
        }
        Shape::Vector(elements)
    }

    /// The shape of what the net writes for an image: its only output's, or a vector of all outputs, concatenated in the order
    /// of the declaration.
    #[must_use]
    pub const fn output(&self) -> Shape {
        if let [output] = self.outputs {
            return self.shape(output.value);
        }
        let (mut elements, mut i) = (0, 0);
        while i < self.outputs.len() {
            elements += self.shape(self.outputs[i].value).elements();
            i += 1;
        }
        Shape::Vector(elements)
    }

    /// Whether the inputs have names, even if there is only one.
    #[must_use]
    pub const fn names_inputs(&self) -> bool {
        !matches!(self.inputs, [Input { name, .. }] if name.is_empty())
    }

    /// Whether the outputs have names, even if there is only one.
    #[must_use]
    pub const fn names_outputs(&self) -> bool {
        !matches!(self.outputs, [Output { name, .. }] if name.is_empty())
    }

    /// What an input is called in messages and names: `input` if it has no name.
    #[must_use]
    pub const fn input_name(&self, index: usize) -> &'a str {
        if self.names_inputs() { self.inputs[index].name } else { "input" }
    }

    /// What an output is called in messages and names: `output` if it has no name.
    #[must_use]
    pub const fn output_name(&self, index: usize) -> &'a str {
        if self.names_outputs() { self.outputs[index].name } else { "output" }
    }

    /// The values that leave the net: outputs, then taps.
    pub fn leaving(&self) -> impl Iterator<Item = Value> {
        self.outputs.iter().map(|output| output.value).chain(self.taps.iter().map(|tap| tap.value))
    }

    /// The nodes that run at inference.
    pub fn inference(&self) -> impl Iterator<Item = &'a Node<'a>> {
        self.nodes.iter().filter(|n| n.aux.is_none())
    }

    /// The output whose targets an auxiliary classifier shares: the first one of its shape.
    #[must_use]
    pub fn aux_output(&self, aux: &Aux<'_>) -> Option<usize> {
        let of = |value: Value| {
            let shape = self.shape(value);
            (shape.size(), shape.channels())
        };
        self.outputs.iter().position(|output| of(output.value) == of(aux.result))
    }

    /// Trained parameters, without those of auxiliary classifiers.
    #[must_use]
    pub const fn parameters(&self) -> u64 {
        let (mut parameters, mut i) = (0, 0);
        while i < self.nodes.len() {
            if self.nodes[i].aux.is_none() {
                parameters += self.nodes[i].parameters();
            }
            i += 1;
        }
        parameters
    }

    /// Multiplications with a weight in one pass, without those of auxiliary classifiers.
    #[must_use]
    pub const fn macs(&self) -> u64 {
        let (mut macs, mut i) = (0, 0);
        while i < self.nodes.len() {
            if self.nodes[i].aux.is_none() {
                macs += self.nodes[i].macs();
            }
            i += 1;
        }
        macs
    }

    /// Bytes of the weights that inference needs, including running statistics, in the formats in which layers store them.
    pub fn weights_bytes(&self) -> u64 {
        self.inference().map(Node::weights_bytes).sum()
    }

    /// Layers on the longest path from an input to an output, not counting auxiliary classifiers.
    #[cfg(feature = "alloc")]
    pub fn depth(&self) -> Depth {
        let mut depths: alloc::vec::Vec<Depth> = alloc::vec::Vec::with_capacity(self.nodes.len());
        let of = |depths: &[Depth], value: Value| match value {
            Value::Input(_) => Depth::default(),
            Value::Node(index) => depths[index],
        };
        for node in self.nodes {
            let inputs = node.inputs.iter().map(|input| of(&depths, *input));
            let deepest = inputs.max_by_key(Depth::order).unwrap_or_default();
            depths.push(deepest.and(&node.op));
        }
        self.outputs.iter().map(|output| of(&depths, output.value)).max_by_key(Depth::order).unwrap_or_default()
    }
}

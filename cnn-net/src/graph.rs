//! The static description of a net: what summaries, diagrams, weight loading and the reference executor read.

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

variants! { Value { Input, Node(index) } }
record! {
    Node<'a>(name: &'a str, op: Op, inputs: &'a [Value], output: Shape) {
        tensors: &'a [Tensor<'a>] = &[],
        calls: &'a [Call<'a>] = &[],
        aux: Option<usize> = None,
    }
}
record! { Call<'a>(block: &'a str, name: &'a str) }
record! { Tensor<'a>(name: &'a str, role: Role, shape: &'a [usize]) }
record! { Tap<'a>(name: &'a str, value: Value) }
record! { Aux<'a>(name: &'a str, weight: f32, result: Value) }
record! {
    Graph<'a>(name: &'a str, input: Shape, output: Shape, nodes: &'a [Node<'a>], result: Value) {
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

impl Node<'_> {
    /// Trained parameters of this layer; running statistics do not count.
    #[must_use]
    pub const fn parameters(&self) -> u64 {
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

    /// Bytes of its tensors, in the formats that they are stored in.
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

    /// Bytes of the weights that inference needs, including running statistics, each in the format in which its layer stores
    /// it.
    pub fn weights_bytes(&self) -> u64 {
        self.inference().map(Node::weights_bytes).sum()
    }

    /// Layers on the longest path from the input to the output, not counting auxiliary classifiers.
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
            depths.push(deepest.and(&node.op));
        }
        of(&depths, self.result)
    }
}

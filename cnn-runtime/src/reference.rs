//! Every layer's mathematics in plain loops, against which the kernels are tested.
//!
//! Nothing here is clever or fast. Values are C, H, W tensors of `f64`, sums are taken in the order of a textbook, and a
//! reader can check each function against its formula at sight. Each function computes the shape of its result by itself;
//! [`run`] asserts that the compiler found the same.

mod activation;
mod conv;
mod layout;
mod merge;
mod norm;
mod normalise;
mod pool;
mod rearrange;
mod resize;
mod user;

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use cnn_net::graph::{Graph, Node, Role, Value};
use cnn_net::op::{Layer, Op, Shape};

pub use self::activation::{activate, log_softmax, prelu, softmax};
pub use self::conv::{conv, conv_transpose, linear};
pub use self::layout::{concat, flatten};
pub use self::merge::{add, max, mul, sub};
pub use self::norm::{BatchNormSteps, RunningVariance, Statistics, batch_norm, batch_norm_training, lrn};
pub use self::normalise::{glu, normalise, scale};
pub use self::pool::{adaptive_avg_pool, adaptive_max_pool, channel_max, channel_mean};
pub use self::pool::{avg_pool, global_avg_pool, global_max_pool, max_pool};
pub use self::rearrange::rearrange;
pub use self::resize::resize;
#[cfg(feature = "kernels")]
pub(crate) use self::user::{code_of, tensors};

/// A value: the numbers of its shape, in the order C, H, W.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its shape.
    pub shape: Shape,
    /// Its numbers.
    pub data: Vec<f64>,
}

impl Tensor {
    /// A value of the given numbers.
    ///
    /// # Panics
    ///
    /// If there are more or fewer of them than the shape has.
    pub fn new(shape: Shape, data: &[f32]) -> Self {
        assert_eq!(data.len(), shape.elements(), "numbers of a {shape} tensor");
        Self { shape, data: data.iter().map(|number| f64::from(*number)).collect() }
    }

    /// A value whose element at a channel, row and column is the result of `element`.
    fn from_fn(shape: Shape, mut element: impl FnMut(usize, usize, usize) -> f64) -> Self {
        let size = shape.size();
        let mut data = Vec::with_capacity(shape.elements());
        for channel in 0..shape.channels() {
            for y in 0..size.height {
                for x in 0..size.width {
                    data.push(element(channel, y, x));
                }
            }
        }
        Self { shape, data }
    }

    /// The element at a channel, row and column; a vector has one row and one column.
    pub fn at(&self, channel: usize, y: usize, x: usize) -> f64 {
        let size = self.shape.size();
        self.data[(channel * size.height + y) * size.width + x]
    }

    /// Each number on its own.
    fn map(&self, function: impl Fn(f64) -> f64) -> Self {
        Self { shape: self.shape, data: self.data.iter().map(|number| function(*number)).collect() }
    }

    /// The numbers in single precision, as in the output of a net.
    pub fn to_f32(&self) -> Vec<f32> {
        self.data.iter().map(|number| *number as f32).collect()
    }
}

/// The tensors of a net by name, in the order of a weight file. [`weights::read`](crate::weights::read) returns them.
pub type Params = BTreeMap<String, Vec<f32>>;

/// Why a net could not be run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunError {
    /// The input has the wrong number of elements.
    Input {
        /// How many elements the net takes.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The code of a function or a layer by the user is missing: it is only in a program that declares such a net.
    Code {
        /// The layer's name.
        layer: String,
        /// The path in the declaration.
        path: String,
    },
    /// A tensor is missing, or has the wrong number of elements.
    Tensor {
        /// Its name.
        name: String,
        /// How many elements it should have.
        expected: usize,
        /// How many it has.
        found: Option<usize>,
    },
}

impl core::error::Error for RunError {}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input { expected, found } => write!(f, "the input has {found} elements, not {expected}"),
            Self::Code { layer, path } => {
                let where_it_is =
                    "is not here, but in a program that declares such a net: take the description from that";
                write!(f, "the code of `{path}`, for the layer `{layer}`, {where_it_is}")
            }
            Self::Tensor { name, expected, found: Some(found) } => {
                write!(f, "`{name}` has {found} elements, not {expected}")
            }
            Self::Tensor { name, expected, found: None } => write!(f, "`{name}` is missing ({expected} elements)"),
        }
    }
}

/// The results of a run.
#[derive(Clone, Debug)]
pub struct Outputs<'g> {
    graph: &'g Graph<'g>,
    input: Tensor,
    nodes: Vec<Option<Tensor>>,
}

impl Outputs<'_> {
    /// A value, if it was computed: those of auxiliary classifiers are computed only by [`run_with_aux`].
    pub fn value(&self, value: Value) -> Option<&Tensor> {
        match value {
            Value::Input => Some(&self.input),
            Value::Node(index) => self.nodes.get(index)?.as_ref(),
        }
    }

    /// The net's output.
    ///
    /// # Panics
    ///
    /// If the graph takes its result from an auxiliary classifier, which no compiled graph does.
    pub fn result(&self) -> &Tensor {
        self.value(self.graph.result).expect("the trunk ran")
    }

    /// An extra output, by its name.
    pub fn tap(&self, name: &str) -> Option<&Tensor> {
        self.value(self.graph.taps.iter().find(|tap| tap.name == name)?.value)
    }

    /// The output of an auxiliary classifier, by its name.
    pub fn aux(&self, name: &str) -> Option<&Tensor> {
        self.value(self.graph.aux.iter().find(|aux| aux.name == name)?.result)
    }
}

/// Runs a net as in inference.
///
/// # Errors
///
/// If the input or a tensor has the wrong number of elements, or a tensor or the code of a layer is missing.
///
/// # Panics
///
/// If a shape in the graph is not that of the layer's output.
pub fn run<'g>(graph: &'g Graph<'g>, params: &Params, input: &[f32]) -> Result<Outputs<'g>, RunError> {
    run_nodes(graph, params, input, |node| node.aux.is_none())
}

/// Runs a net together with its auxiliary classifiers, whose tensors are then required.
///
/// # Errors
///
/// As of [`run`].
///
/// # Panics
///
/// As of [`run`].
pub fn run_with_aux<'g>(graph: &'g Graph<'g>, params: &Params, input: &[f32]) -> Result<Outputs<'g>, RunError> {
    run_nodes(graph, params, input, |_| true)
}

fn run_nodes<'g>(
    graph: &'g Graph<'g>,
    params: &Params,
    input: &[f32],
    wanted: impl Fn(&Node<'_>) -> bool,
) -> Result<Outputs<'g>, RunError> {
    let (expected, found) = (graph.input.elements(), input.len());
    if expected != found {
        return Err(RunError::Input { expected, found });
    }
    let input = Tensor::new(graph.input, input);
    let mut outputs = Outputs { graph, input, nodes: vec![None; graph.nodes.len()] };
    for (index, node) in graph.nodes.iter().enumerate().filter(|(_, node)| wanted(node)) {
        let inputs = node.inputs.iter().map(|value| outputs.value(*value));
        let inputs: Vec<_> = inputs.map(|value| value.expect("nodes are in the order of execution")).collect();
        let output = run_node(node, params, &inputs)?;
        assert_eq!(output.shape, node.output, "shape of `{}`", node.name);
        outputs.nodes[index] = Some(output);
    }
    Ok(outputs)
}

/// Runs one layer.
fn run_node(node: &Node<'_>, params: &Params, inputs: &[&Tensor]) -> Result<Tensor, RunError> {
    let tensor = |role| find(node, params, role);
    let input = inputs[0];
    Ok(match node.op.closed() {
        Layer::Conv(op) => conv(&op, input, tensor(Role::Weight)?, bias(node, params)?),
        Layer::ConvTranspose(op) => conv_transpose(&op, input, tensor(Role::Weight)?, bias(node, params)?),
        Layer::Linear(op) => linear(&op, input, tensor(Role::Weight)?, bias(node, params)?),
        Layer::MaxPool(op) => max_pool(&op, input),
        Layer::AvgPool(op) => avg_pool(&op, input),
        Layer::GlobalAvgPool => global_avg_pool(input),
        Layer::GlobalMaxPool => global_max_pool(input),
        Layer::AdaptiveAvgPool(size) => adaptive_avg_pool(size, input),
        Layer::AdaptiveMaxPool(size) => adaptive_max_pool(size, input),
        Layer::ChannelMean => channel_mean(input),
        Layer::ChannelMax => channel_max(input),
        Layer::Flatten => flatten(input),
        Layer::Rearrange(op) => rearrange(op, input),
        Layer::Resize(op) => resize(&op, input),
        Layer::Dropout { .. } => input.clone(),
        Layer::Lrn(op) => lrn(&op, input),
        Layer::BatchNorm(op) => batch_norm(
            &op,
            input,
            &Statistics {
                weight: tensor(Role::Weight)?,
                bias: tensor(Role::Bias)?,
                mean: tensor(Role::RunningMean)?,
                var: tensor(Role::RunningVar)?,
            },
        ),
        Layer::Norm(op) => normalise(&op, input, weight(node, params)?, bias(node, params)?),
        Layer::Scale { factor } => scale(factor, input, weight(node, params)?.unwrap_or_default()),
        Layer::Glu => glu(input),
        Layer::Prelu(per) => prelu(per, input, tensor(Role::Weight)?),
        Layer::Activation(op) => input.map(|x| activate(op, x)),
        Layer::Softmax => softmax(input),
        Layer::LogSoftmax => log_softmax(input),
        Layer::Concat => concat(inputs),
        Layer::Add => add(inputs),
        Layer::Sub => sub(inputs),
        Layer::Mul => mul(inputs),
        Layer::Max => max(inputs),
        Layer::Map(function) => user::map(node, function, input)?,
        Layer::Custom(layer) => user::custom(node, &layer, inputs, params)?,
    })
}

/// The bias of a layer that is declared with one.
fn bias<'p>(node: &Node<'_>, params: &'p Params) -> Result<Option<&'p [f32]>, RunError> {
    perhaps(node, params, Role::Bias)
}

/// The weight of a layer that is declared with one.
fn weight<'p>(node: &Node<'_>, params: &'p Params) -> Result<Option<&'p [f32]>, RunError> {
    perhaps(node, params, Role::Weight)
}

/// A tensor of a layer, if it has one of this role.
pub(crate) fn perhaps<'p>(node: &Node<'_>, params: &'p Params, role: Role) -> Result<Option<&'p [f32]>, RunError> {
    let has = node.tensors.iter().any(|tensor| tensor.role == role);
    has.then(|| find(node, params, role)).transpose()
}

/// A tensor of a layer, of the right length; all slopes of a `prelu` may be one.
///
/// # Panics
///
/// If the layer has no such tensor in the graph.
pub(crate) fn find<'p>(node: &Node<'_>, params: &'p Params, role: Role) -> Result<&'p [f32], RunError> {
    let tensor = node.tensors.iter().find(|tensor| tensor.role == role);
    let Some(tensor) = tensor else { panic!("`{}` has no {} in the graph", node.name, role.name()) };
    let found = params.get(tensor.name);
    let one_for_all = |found: &[f32]| found.len() == 1 && matches!(node.op, Op::Prelu(_));
    found.map(Vec::as_slice).filter(|found| found.len() == tensor.elements() || one_for_all(found)).ok_or_else(|| {
        let (name, expected) = (tensor.name.to_string(), tensor.elements());
        RunError::Tensor { name, expected, found: found.map(Vec::len) }
    })
}

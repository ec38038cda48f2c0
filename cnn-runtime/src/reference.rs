//! Every layer's mathematics in plain loops, against which the kernels are tested.
//!
//! Nothing here is clever or fast. Values are C, H, W tensors of `f64`, sums are taken in the order of a textbook, and a
//! reader can check each function against its formula at sight. Each function computes the shape of its result by itself;
//! [`run`] asserts that the compiler found the same.

mod activation;
mod conv;
#[cfg(feature = "train")]
pub mod gradient;
mod layer;
mod layout;
mod merge;
mod norm;
mod normalise;
mod pool;
mod rearrange;
mod resize;
#[cfg(feature = "train")]
pub mod training;
mod user;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use cnn_net::graph::{Graph, Node, Value};
use cnn_net::op::{Shape, Size};

pub use self::activation::{activate, derivative, log_softmax, prelu, softmax};
pub use self::conv::{conv, conv_transpose, linear};
#[cfg(feature = "kernels")]
pub(crate) use self::layer::{find, perhaps};
pub use self::layout::{concat, flatten};
pub use self::merge::{add, max, mul, sub};
pub use self::norm::{BatchNormSteps, RunningVariance, Statistics, batch_norm, batch_norm_training, grn, lrn};
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
    #[must_use]
    pub fn new(shape: Shape, data: &[f32]) -> Self {
        assert_eq!(data.len(), shape.elements(), "numbers of a {shape} tensor");
        Self { shape, data: data.iter().map(|number| f64::from(*number)).collect() }
    }

    /// A value of zeros.
    #[must_use]
    pub fn zeros(shape: Shape) -> Self {
        Self { shape, data: vec![0.0; shape.elements()] }
    }

    /// A value whose element at a channel, row and column is the result of `element`.
    fn from_fn(shape: Shape, mut element: impl FnMut(usize, usize, usize) -> f64) -> Self {
        Self { shape, data: positions(shape).map(|[channel, y, x]| element(channel, y, x)).collect() }
    }

    /// The element at a channel, row and column; a vector has one row and one column.
    #[must_use]
    pub fn at(&self, channel: usize, y: usize, x: usize) -> f64 {
        self.data[index(self.shape, [channel, y, x])]
    }

    /// Adds to the element at a channel, row and column.
    #[cfg(feature = "train")]
    fn add_at(&mut self, [channel, y, x]: [usize; 3], summand: f64) {
        self.data[index(self.shape, [channel, y, x])] += summand;
    }

    /// Each number on its own.
    fn map(&self, function: impl Fn(f64) -> f64) -> Self {
        Self { shape: self.shape, data: self.data.iter().map(|number| function(*number)).collect() }
    }

    /// The numbers in single precision, as in the output of a net.
    #[must_use]
    pub fn to_f32(&self) -> Vec<f32> {
        self.data.iter().map(|number| *number as f32).collect()
    }
}

/// Channels, rows and columns of all elements of a shape, in the order C, H, W.
fn positions(shape: Shape) -> impl Iterator<Item = [usize; 3]> {
    let Size { height, width } = shape.size();
    (0..shape.channels())
        .flat_map(move |channel| (0..height).flat_map(move |y| (0..width).map(move |x| [channel, y, x])))
}

/// Where the element at a channel, row and column is in a value of this shape.
fn index(shape: Shape, [channel, y, x]: [usize; 3]) -> usize {
    let size = shape.size();
    (channel * size.height + y) * size.width + x
}

/// A number of a tensor of parameters: `f32` as in a file, or `f64` in training.
pub trait Weight: Copy + Into<f64> {}

impl<W: Copy + Into<f64>> Weight for W {}

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
    inputs: Vec<Tensor>,
    nodes: Vec<Option<Tensor>>,
    result: Tensor,
}

impl Outputs<'_> {
    /// A value, if it was computed: those of auxiliary classifiers are computed only by [`run_with_aux`].
    #[must_use]
    pub fn value(&self, value: Value) -> Option<&Tensor> {
        match value {
            Value::Input(index) => self.inputs.get(index),
            Value::Node(index) => self.nodes.get(index)?.as_ref(),
        }
    }

    /// The net's output; of several, a vector of all, one after another.
    #[must_use]
    pub fn result(&self) -> &Tensor {
        &self.result
    }

    /// An output, by its name.
    #[must_use]
    pub fn output(&self, name: &str) -> Option<&Tensor> {
        self.value(self.graph.outputs.iter().find(|output| output.name == name)?.value)
    }

    /// An extra output, by its name.
    #[must_use]
    pub fn tap(&self, name: &str) -> Option<&Tensor> {
        self.value(self.graph.taps.iter().find(|tap| tap.name == name)?.value)
    }

    /// The output of an auxiliary classifier, by its name.
    #[must_use]
    pub fn aux(&self, name: &str) -> Option<&Tensor> {
        self.value(self.graph.aux.iter().find(|aux| aux.name == name)?.result)
    }
}

/// Runs a net as in inference. Several inputs are one after another.
///
/// # Errors
///
/// If the input or a tensor has the wrong number of elements, or a tensor or the code of a layer is missing.
///
/// # Panics
///
/// If a shape in the graph is not that of the layer's output, or an output of the net that of an auxiliary classifier, which no
/// compiled graph has.
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
    let (expected, found) = (graph.input().elements(), input.len());
    if expected != found {
        return Err(RunError::Input { expected, found });
    }
    let mut rest = input;
    let inputs = graph.inputs.iter().map(|input| {
        let (numbers, others) = rest.split_at(input.shape.elements());
        rest = others;
        Tensor::new(input.shape, numbers)
    });
    let (inputs, nodes) = (inputs.collect(), vec![None; graph.nodes.len()]);
    let result = Tensor { shape: graph.output(), data: Vec::new() };
    let mut outputs = Outputs { graph, inputs, nodes, result };
    for (index, node) in graph.nodes.iter().enumerate().filter(|(_, node)| wanted(node)) {
        let inputs = node.inputs.iter().map(|value| outputs.value(*value));
        let inputs: Vec<_> = inputs.map(|value| value.expect("nodes are in the order of execution")).collect();
        let output = layer::forward(node, params, &inputs)?;
        assert_eq!(output.shape, node.output, "shape of `{}`", node.name);
        outputs.nodes[index] = Some(output);
    }
    let written = graph.outputs.iter().map(|output| outputs.value(output.value).expect("the trunk ran"));
    outputs.result.data = written.flat_map(|output| output.data.iter().copied()).collect();
    Ok(outputs)
}

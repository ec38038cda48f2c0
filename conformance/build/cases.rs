//! The content of `cases.json`. Anything unknown is an error, so that no case loses part of its meaning.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

/// One case.
pub(crate) struct Case {
    /// ONNX's name of the test.
    pub(crate) name: String,
    /// The operator with its attributes.
    pub(crate) op: Op,
    /// Operator, version of the operator set, and the test's place in ONNX.
    pub(crate) source: String,
    /// The shape of each tensor.
    pub(crate) shapes: BTreeMap<String, Vec<usize>>,
    /// Tolerance relative to an element.
    pub(crate) rtol: f64,
    /// Absolute tolerance, added to that.
    pub(crate) atol: f64,
    /// Something that was changed or is easily misread.
    pub(crate) note: Option<String>,
}

/// An operator of ONNX.
#[derive(Deserialize)]
#[serde(tag = "op", content = "attributes", deny_unknown_fields)]
pub(crate) enum Op {
    Adam {
        alpha: f64,
        beta: f64,
        epsilon: f64,
        norm_coefficient: f64,
        norm_coefficient_post: f64,
    },
    Add {},
    AveragePool(Window),
    BatchNormalization {
        epsilon: f64,
        momentum: f64,
        training_mode: bool,
    },
    Concat {
        axis: usize,
    },
    Conv(Window),
    Dropout {
        ratio: f64,
    },
    Elu {
        alpha: f64,
    },
    Flatten {
        axis: usize,
    },
    Gelu {
        approximate: Approximate,
    },
    GlobalAveragePool {},
    GlobalMaxPool {},
    HardSigmoid {
        alpha: f64,
        beta: f64,
    },
    LeakyRelu {
        alpha: f64,
    },
    Linear {},
    LogSoftmax {
        axis: usize,
    },
    #[serde(rename = "LRN")]
    Lrn {
        size: usize,
        alpha: f64,
        beta: f64,
        bias: f64,
        krizhevsky: Krizhevsky,
    },
    MaxPool(Window),
    Mish {},
    Momentum {
        alpha: f64,
        /// Weighs the gradient in all steps but the first.
        #[serde(rename = "beta")]
        _beta: f64,
        norm_coefficient: f64,
        mode: Mode,
    },
    PRelu {
        slope: Slope,
    },
    Relu {},
    Selu {
        alpha: f64,
        gamma: f64,
    },
    Sigmoid {},
    Softmax {
        axis: usize,
    },
    SoftmaxCrossEntropyLoss {
        reduction: Reduction,
    },
    Softplus {},
    Softsign {},
    Tanh {},
}

/// A convolution's or a pool's window; each of the last three fields applies to some of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Window {
    /// Vertical, horizontal; like the next two.
    pub(crate) kernel_shape: [usize; 2],
    pub(crate) strides: [usize; 2],
    pub(crate) dilations: [usize; 2],
    /// Top, left, bottom, right.
    pub(crate) pads: [usize; 4],
    pub(crate) auto_pad: AutoPad,
    pub(crate) group: Option<usize>,
    pub(crate) ceil_mode: Option<bool>,
    pub(crate) count_include_pad: Option<bool>,
}

/// The form of momentum.
#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    Standard,
    Nesterov,
}

/// What a loss makes of those of all samples.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reduction {
    Mean,
    None,
    Sum,
}

/// How the test specified the padding.
#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum AutoPad {
    #[serde(rename = "NOTSET")]
    NotSet,
    Valid,
    SameUpper,
    SameLower,
}

/// The numbers of an LRN in the formula of Krizhevsky, Sutskever & Hinton 2012.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Krizhevsky {
    pub(crate) n: usize,
    pub(crate) alpha: f64,
    pub(crate) beta: f64,
    pub(crate) k: f64,
}

/// The formula of a Gelu.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Approximate {
    None,
    Tanh,
}

/// What has a separate slope in a PRelu.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Slope {
    Tensor,
    Channel,
    Element,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "source")]
    _source: String,
    cases: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    op: String,
    source: String,
    opset: u32,
    attributes: Value,
    shapes: BTreeMap<String, Vec<usize>>,
    rtol: f64,
    atol: f64,
    note: Option<String>,
}

/// All cases, in the order of the file.
pub(crate) fn parse(text: &str) -> Result<Vec<Case>, String> {
    let file: File = serde_json::from_str(text).map_err(|error| format!("cases.json: {error}"))?;
    file.cases.into_iter().map(Case::new).collect()
}

impl Case {
    fn new(entry: Entry) -> Result<Self, String> {
        let Entry { name, op, source, opset, attributes, shapes, rtol, atol, note } = entry;
        let source = format!("ONNX's {op} of operator set {opset}, from `{source}`");
        let op = serde_json::from_value(json!({ "op": op, "attributes": attributes }));
        let op = op.map_err(|error| format!("{name}: {error}"))?;
        Ok(Self { name, op, source, shapes, rtol, atol, note })
    }

    /// The shape of a tensor that the operator needs.
    pub(crate) fn shape(&self, tensor: &str) -> Result<&[usize], String> {
        let shape = self.shapes.get(tensor).map(Vec::as_slice);
        shape.ok_or_else(|| format!("{}: there is no tensor `{tensor}`", self.name))
    }

    /// The operator's inputs, in order: `input`, `input2`, …
    pub(crate) fn inputs(&self) -> Vec<&str> {
        let names = self.shapes.keys().map(String::as_str);
        let mut inputs: Vec<&str> = names.filter(|name| name.starts_with("input")).collect();
        inputs.sort_by_key(|name| (name.len(), *name));
        inputs
    }
}

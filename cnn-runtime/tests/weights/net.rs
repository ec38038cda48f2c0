//! A small net with each kind of layer that has weights, and files for it.

use cnn_net::graph::{Aux, Graph, Input, Node, Output, Role, Tensor, Value};
use cnn_net::op::{BatchNorm, Conv, Linear, Op, Padding, PreluPer, Shape, Size, Store};
use cnn_runtime::pack::{ConvPanels, Layout, Pack};

/// `conv1: conv(2, 3x2) -> bn1: batch_norm -> act: prelu -> fc: linear(3)` on 1x4x3, and an auxiliary `head.fc`.
pub(crate) static GRAPH: Graph<'static> = Graph {
    name: "Tiny",
    doc: "",
    inputs: &[Input::new("", Shape::map(1, 4, 3))],
    nodes: &[
        node(
            "conv1",
            CONV,
            Value::Input(0),
            Shape::map(2, 2, 2),
            &[tensor("conv1.weight", Role::Weight, &[2, 1, 3, 2]), tensor("conv1.bias", Role::Bias, &[2])],
        ),
        node(
            "bn1",
            Op::BatchNorm(BatchNorm::new(1e-5, 0.1)),
            Value::Node(0),
            Shape::map(2, 2, 2),
            &[
                tensor("bn1.weight", Role::Weight, &[2]),
                tensor("bn1.bias", Role::Bias, &[2]),
                tensor("bn1.running_mean", Role::RunningMean, &[2]),
                tensor("bn1.running_var", Role::RunningVar, &[2]),
            ],
        ),
        node(
            "act",
            Op::Prelu(PreluPer::Channel),
            Value::Node(1),
            Shape::map(2, 2, 2),
            &[tensor("act.weight", Role::Weight, &[2])],
        ),
        Node {
            aux: Some(0),
            ..node(
                "head.fc",
                Op::Linear(Linear { features: 3, bias: false, store: Store::F32 }),
                Value::Node(2),
                Shape::Vector(3),
                &[tensor("head.fc.weight", Role::Weight, &[3, 8])],
            )
        },
        node(
            "fc",
            Op::Linear(Linear { features: 3, bias: true, store: Store::F32 }),
            Value::Node(2),
            Shape::Vector(3),
            &[tensor("fc.weight", Role::Weight, &[3, 8]), tensor("fc.bias", Role::Bias, &[3])],
        ),
    ],
    outputs: &[Output::new("", Value::Node(4))],
    taps: &[],
    aux: &[Aux { name: "head", weight: 0.3, result: Value::Node(3) }],
};

const CONV: Op = Op::Conv(Conv {
    filters: 2,
    kernel: Size::new(3, 2),
    stride: Size::square(1),
    pad: Padding::NONE,
    dilation: Size::square(1),
    groups: 1,
    bias: true,
});

const fn tensor(name: &'static str, role: Role, shape: &'static [usize]) -> Tensor<'static> {
    Tensor { name, role, shape }
}

const fn node(
    name: &'static str,
    op: Op,
    input: Value,
    output: Shape,
    tensors: &'static [Tensor<'static>],
) -> Node<'static> {
    let inputs: &[Value] = match input {
        Value::Input(_) => &[Value::Input(0)],
        Value::Node(0) => &[Value::Node(0)],
        Value::Node(1) => &[Value::Node(1)],
        Value::Node(_) => &[Value::Node(2)],
    };
    Node::new(name, op, inputs, output).tensors(tensors)
}

/// The convolution's weights.
pub(crate) const CONV_PANELS: ConvPanels = ConvPanels { groups: 1, outputs: 2, inputs: 1, kernel: Size::new(3, 2) };
/// The fully connected layer's weights, as a convolution over its whole input.
pub(crate) const FC_PANELS: ConvPanels = ConvPanels { groups: 1, outputs: 3, inputs: 2, kernel: Size::square(2) };

/// `bn1` is folded into `conv1`.
pub(crate) static RECIPE: [Pack; 3] = [
    Pack { node: 0, norm: Some(1), offset: 0, layout: Layout::Conv(CONV_PANELS) },
    Pack { node: 2, norm: None, offset: CONV_PANELS.len(), layout: Layout::Slopes { channels: 2, pixels: 1 } },
    Pack { node: 4, norm: None, offset: CONV_PANELS.len() + 16, layout: Layout::Conv(FC_PANELS) },
];

/// Floats that the recipe packs.
pub(crate) const PACKED: usize = CONV_PANELS.len() + 16 + FC_PANELS.len();

/// A tensor of a file.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) dtype: &'static str,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

/// A tensor of `F32` with some values between -2 and 2; variances are positive.
pub(crate) fn entry(name: &str, shape: &[usize]) -> Entry {
    let count: usize = shape.iter().product();
    let seed = name.len() as f32;
    let sign = |index: usize| if index.is_multiple_of(2) || name.ends_with("running_var") { 1.0 } else { -1.0 };
    let values: Vec<f32> = (0..count).map(|index| sign(index) * ((index as f32 * 0.37 + seed) % 1.9 + 0.1)).collect();
    of_values(name, shape, &values)
}

/// A tensor of `F32` with the given values.
pub(crate) fn of_values(name: &str, shape: &[usize], values: &[f32]) -> Entry {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    Entry { name: name.to_string(), dtype: "F32", shape: shape.to_vec(), bytes }
}

/// All tensors that the net needs.
pub(crate) fn entries() -> Vec<Entry> {
    GRAPH.inference().flat_map(|node| node.tensors).map(|tensor| entry(tensor.name, tensor.shape)).collect()
}

/// The tensors of [`entries`] with one of them replaced.
pub(crate) fn entries_with(replacement: Entry) -> Vec<Entry> {
    entries()
        .into_iter()
        .map(|entry| if entry.name == replacement.name { replacement.clone() } else { entry })
        .collect()
}

/// A safetensors file. The header has an odd length, so that no tensor is aligned.
pub(crate) fn file(entries: &[Entry]) -> Vec<u8> {
    let mut offset = 0;
    let mut parts = Vec::new();
    for Entry { name, dtype, shape, bytes } in entries {
        let end = offset + bytes.len();
        parts.push(format!(r#""{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{offset},{end}]}}"#));
        offset = end;
    }
    let header = format!("{{{}}}", parts.join(","));
    let header = if header.len().is_multiple_of(2) { header + " " } else { header };
    let mut file = with_header(&header);
    entries.iter().for_each(|entry| file.extend(&entry.bytes));
    file
}

/// The beginning of a file: a header and its length.
pub(crate) fn with_header(header: &str) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file
}

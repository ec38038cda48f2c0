//! Layers that are larger than what is read at once: packed from a file, they equal those packed from memory.

use std::fs;
use std::path::Path;

use cnn_net::graph::{Graph, Node, Output, Role, Tensor, Value};
use cnn_net::op::{Conv, Linear, Norm, Op, Over, Padding, PreluPer, Shape, Size, Store, UserLayer, UserTensor};
use cnn_runtime::pack::{
    Affine, ColumnPanels, ConvPanels, DenseRows, DepthwiseTaps, Layout, Pack, WinogradPanels, pack_gains, pack_slopes,
    padded,
};
use cnn_runtime::weights::{Files, Source, load};

use crate::net::{GRAPH, file, of_values};

/// A layer whose weights have this shape and nothing else.
fn packed(test: &str, op: Op, shape: &[usize], layout: Layout, values: &[f32]) -> Vec<f32> {
    let tensors = [Tensor { name: "a.weight", role: Role::Weight, shape }];
    let node = Node { name: "a", op, inputs: &[Value::Input(0)], tensors: &tensors, ..GRAPH.nodes[0] };
    let graph = Graph { nodes: &[node], outputs: &[Output::new("", Value::Node(0))], aux: &[], ..GRAPH };
    let recipe = [Pack { node: 0, norm: None, offset: 0, layout }];
    let bytes = file(&[of_values("a.weight", shape, values)]);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    fs::write(&path, &bytes).unwrap();
    let files = Files::open(&path).unwrap();
    let [from_file, from_memory] = [files.source(), Source::new(&bytes)].map(|source| {
        let mut packed = vec![f32::NAN; layout.len()];
        load(&graph, &recipe, &source, &mut packed).unwrap_or_else(|error| panic!("{test}: {error}"));
        packed.iter().map(|float| float.to_bits()).collect::<Vec<_>>()
    });
    fs::remove_file(&path).unwrap();
    assert!(from_file == from_memory, "{test}: the file gives something other than memory");
    from_file.into_iter().map(f32::from_bits).collect()
}

/// Numbers that halves hold exactly, and that distinguish their positions.
fn values(shape: &[usize]) -> Vec<f32> {
    (0..shape.iter().product()).map(|i: usize| (i.wrapping_mul(2_654_435_761) >> 7) as u8 as f32 - 128.0).collect()
}

const ONE: fn(usize) -> Affine = |_| Affine { scale: 1.0, shift: 0.0 };

const fn conv(filters: usize, kernel: Size, groups: usize) -> Op {
    let one = Size::square(1);
    Op::Conv(Conv { filters, kernel, stride: one, pad: Padding::NONE, dilation: one, groups, bias: false })
}

#[test]
fn convolutions() {
    // Groups that end within a panel, panels larger than a window, a single row.
    for (groups, outputs, inputs, kernel) in
        [(1, 100, 130, 3), (5, 20, 200, 3), (3, 7, 3000, 1), (40, 3, 9, 5), (1, 1, 70_000, 1), (1, 33, 9000, 1)]
    {
        let panels = ConvPanels { groups, outputs, inputs, kernel: Size::square(kernel) };
        let shape = [groups * outputs, inputs, kernel, kernel];
        let (op, values) = (conv(groups * outputs, panels.kernel, groups), values(&shape));
        let mut expected = vec![0.0; panels.len()];
        panels.pack(|at| values[at], ONE, &mut expected);
        let found = packed("window-conv", op, &shape, Layout::Conv(panels), &values);
        assert!(found == expected, "{panels:?}");
        let mut expected = vec![0.0; panels.f16_len()];
        panels.pack_f16(|at| values[at], ONE, &mut expected);
        let found = packed("window-f16", op, &shape, Layout::F16(panels), &values);
        assert!(found.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits()), "{panels:?}");
    }
}

#[test]
fn winograd() {
    for (groups, outputs, inputs, kernel, stride, tile) in
        [(1, 50, 300, 3, 1, 4), (4, 20, 150, 3, 1, 2), (1, 40, 40, 7, 2, 3)]
    {
        let panels = WinogradPanels { groups, outputs, inputs, kernel, stride, tile };
        let shape = [groups * outputs, inputs, kernel, kernel];
        let values = values(&shape);
        let mut expected = vec![0.0; panels.len()];
        panels.pack(|at| values[at], ONE, &mut expected);
        let op = conv(groups * outputs, Size::square(kernel), groups);
        assert!(packed("window-winograd", op, &shape, Layout::Winograd(panels), &values) == expected, "{panels:?}");
    }
    for tile in [1, 4] {
        let panels = ColumnPanels { outputs: 50, inputs: 70, kernel: Size::square(5), tile };
        let shape = [50, 70, 5, 5];
        let values = values(&shape);
        let mut expected = vec![0.0; panels.len()];
        panels.pack(|at| values[at], ONE, &mut expected);
        let op = conv(50, panels.kernel, 1);
        assert!(packed("window-columns", op, &shape, Layout::Columns(panels), &values) == expected, "{panels:?}");
    }
}

#[test]
fn rows() {
    for (outputs, inputs, pixels) in [(70, 64, 36), (17, 9000, 1), (300, 333, 1)] {
        let rows = DenseRows { outputs, inputs, pixels };
        let shape = [outputs, inputs * pixels];
        let values = values(&shape);
        let op = Op::Linear(Linear { features: outputs, bias: false, store: Store::F32 });
        let mut expected = vec![0.0; rows.len()];
        rows.pack(|at| values[at], ONE, &mut expected);
        assert!(packed("window-rows", op, &shape, Layout::Rows(rows), &values) == expected, "{rows:?}");
        let mut expected = vec![0.0; rows.f16_len()];
        rows.pack_f16(|at| values[at], ONE, &mut expected);
        let found = packed("window-rows-f16", op, &shape, Layout::RowsF16(rows), &values);
        assert!(found.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits()), "{rows:?}");
    }
}

#[test]
fn depthwise_filters_and_slopes() {
    let taps = DepthwiseTaps { channels: 3001, kernel: Size::square(7) };
    let shape = [3001, 1, 7, 7];
    let of_taps = values(&shape);
    let mut expected = vec![0.0; taps.len()];
    taps.pack(|at| of_taps[at], ONE, &mut expected);
    let op = conv(3001, taps.kernel, 3001);
    assert!(packed("window-depthwise", op, &shape, Layout::Depthwise(taps), &of_taps) == expected);

    let (channels, pixels) = (50, 3000);
    let slopes = values(&[channels, pixels]);
    let mut expected = vec![0.0; pixels * padded(channels)];
    pack_slopes(channels, pixels, |at| slopes[at], &mut expected);
    let layout = Layout::Slopes { channels, pixels };
    let op = Op::Prelu(PreluPer::Element);
    assert!(packed("window-slopes", op, &[channels, pixels, 1], layout, &slopes) == expected);
}

#[test]
fn gains_of_elements() {
    let (channels, pixels) = (50, 3000);
    let gains = values(&[channels, pixels]);
    let mut expected = vec![0.0; 2 * pixels * padded(channels)];
    pack_gains(channels, pixels, |at| gains[at], ONE, &mut expected);
    let layout = Layout::Gains { channels, pixels };
    let op = Op::Norm(Norm::Rms { over: Over::All, eps: 1e-6, affine: true });
    assert!(packed("window-gains", op, &[channels, pixels, 1], layout, &gains) == expected);
}

/// The tensors of a layer by the user, one after another, each larger than what is read at once.
#[test]
fn layers_by_the_user() {
    const TENSORS: &[UserTensor] = &[UserTensor::new("weight", [300, 500]), UserTensor::buffer("a.b", [70_001])];
    let op = Op::Custom(UserLayer::new("Layer", Shape::Vector(1)).tensors(TENSORS));
    let tensors = [
        Tensor { name: "a.weight", role: Role::Weight, shape: &[300, 500] },
        Tensor { name: "a.a.b", role: Role::Buffer("a.b"), shape: &[70_001] },
    ];
    let node = Node { name: "a", op, inputs: &[Value::Input(0)], tensors: &tensors, ..GRAPH.nodes[0] };
    let graph = Graph { nodes: &[node], outputs: &[Output::new("", Value::Node(0))], aux: &[], ..GRAPH };
    let (weight, buffer) = (values(&[300, 500]), values(&[70_001]));
    let bytes = file(&[of_values("a.a.b", &[70_001], &buffer), of_values("a.weight", &[300, 500], &weight)]);
    let layout = Layout::Tensors { len: 220_001 };
    let mut packed = vec![f32::NAN; layout.len()];
    load(&graph, &[Pack { node: 0, norm: None, offset: 0, layout }], &Source::new(&bytes), &mut packed).unwrap();
    assert!(packed == [weight, buffer].concat());
    let short = file(&[of_values("a.weight", &[300, 500], &values(&[300, 500]))]);
    let error = load(&graph, &[], &Source::new(&short), &mut []).unwrap_err();
    assert!(error.to_string().contains("a.a.b"), "{error}");
}

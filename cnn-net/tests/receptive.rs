//! Receptive fields against numbers computed by hand.

#![cfg(feature = "alloc")]

use cnn_net::graph::{Graph, Input, Node, Value};
use cnn_net::op::Extent as To;
use cnn_net::op::{
    Activation, Conv, ConvTranspose, Crop, Interpolation, Interval, Linear, Norm, Op, Over, Pad, Padding, Pool,
    Rearrange, Resize, Shape, Size,
};
use cnn_net::receptive::{Extent, ReceptiveField};

const INPUT: Shape = Shape::map(1, 32, 32);
const RELU: Op = Op::Activation(Activation::Relu);

fn conv(kernel: usize, stride: usize, pad: usize) -> Op {
    let window = Conv::new(1, Size::square(kernel));
    Op::Conv(Conv { stride: Size::square(stride), pad: Padding::symmetric(pad, pad), ..window })
}

fn pool(kernel: usize, stride: usize) -> Op {
    Op::MaxPool(Pool::new(Size::square(kernel), Size::square(stride)))
}

/// A layer, what it reads, and its shape, where that matters.
type Layer = (Op, Vec<Value>, Shape);

/// The field of the last layer.
fn last(layers: &[Layer]) -> ReceptiveField {
    let nodes: Vec<Node<'_>> =
        layers.iter().map(|(op, inputs, shape)| Node::new("node", *op, inputs, *shape)).collect();
    let fields = Graph::new("Net", &[Input::new("", INPUT)], &nodes, &[]).receptive_fields();
    assert_eq!(fields.len(), nodes.len());
    *fields.last().expect("there is a layer")
}

/// The field at the end of a chain.
fn chain(ops: &[Op]) -> ReceptiveField {
    let value = |index: usize| index.checked_sub(1).map_or(Value::Input(0), Value::Node);
    let layers: Vec<Layer> = ops.iter().enumerate().map(|(index, op)| (*op, vec![value(index)], INPUT)).collect();
    last(&layers)
}

fn window(first: i64, size: u64, jump: u64) -> ReceptiveField {
    ReceptiveField::Window([Extent { first, size, jump }; 2])
}

#[test]
fn windows_grow_by_the_jumps_before_them() {
    assert_eq!(chain(&[conv(5, 1, 0)]), window(0, 5, 1));
    // The convolutions of LeNet-5: 5, +1, +4 x 2, +1 x 2.
    assert_eq!(chain(&[conv(5, 1, 0), pool(2, 2), conv(5, 1, 0), pool(2, 2)]), window(0, 16, 4));
    // The beginning of a ResNet.
    assert_eq!(chain(&[conv(7, 2, 3), RELU, pool(3, 2), conv(3, 1, 1)]), window(-7, 19, 4));
    assert_eq!(chain(&[conv(1, 2, 0), conv(1, 2, 0)]), window(0, 1, 4));
}

#[test]
fn directions_are_separate_and_dilation_widens() {
    let op = Conv {
        stride: Size::new(1, 2),
        dilation: Size::new(3, 1),
        pad: Padding { top: 2, bottom: 0, left: 0, right: 1 },
        ..Conv::new(1, Size::new(3, 5))
    };
    let [rows, columns] = [Extent { first: -2, size: 7, jump: 1 }, Extent { first: 0, size: 5, jump: 2 }];
    assert_eq!(chain(&[Op::Conv(op)]), ReceptiveField::Window([rows, columns]));
    assert_eq!(chain(&[Op::Conv(op)]).to_string(), "7x5");
    let [rows, columns] = [Extent { first: -4, size: 13, jump: 1 }, Extent { first: 0, size: 13, jump: 4 }];
    assert_eq!(chain(&[Op::Conv(op), Op::Conv(op)]), ReceptiveField::Window([rows, columns]));
}

#[test]
fn transposed_convolutions_divide_the_jump() {
    let up = |kernel: usize, stride: usize, pad: usize| {
        let conv = ConvTranspose::new(1, Size::square(kernel));
        Op::ConvTranspose(conv.stride(Size::square(stride)).pad(Padding::symmetric(pad, pad)))
    };
    assert_eq!(chain(&[up(3, 1, 1)]), window(-1, 3, 1));
    assert_eq!(chain(&[pool(4, 4), up(4, 2, 1)]), window(-4, 10, 2));
    assert_eq!(chain(&[conv(3, 2, 1), up(2, 2, 0), conv(3, 1, 1)]), window(-3, 6, 1));
    assert_eq!(chain(&[up(2, 2, 0)]), ReceptiveField::Whole);
    let adaptive = |size: usize| Op::AdaptiveAvgPool(Size::square(size));
    assert_eq!(chain(&[adaptive(8)]), window(0, 4, 4));
    assert_eq!([1, 7].map(|size| chain(&[adaptive(size)])), [ReceptiveField::Whole; 2]);
}

#[test]
fn branches_give_a_field_that_covers_all_of_them() {
    let merged = |a: Op, b: Op, merge: Op| {
        last(&[
            (a, vec![Value::Input(0)], INPUT),
            (b, vec![Value::Input(0)], INPUT),
            (merge, vec![Value::Node(0), Value::Node(1), Value::Input(0)], INPUT),
        ])
    };
    for merge in [Op::Concat, Op::Add, Op::Mul] {
        assert_eq!(merged(conv(3, 1, 1), conv(5, 1, 2), merge), window(-2, 5, 1));
        // Two windows of 3 that are 2 apart.
        assert_eq!(merged(conv(3, 1, 2), conv(3, 1, 0), merge), window(-2, 5, 1));
        assert_eq!(merged(conv(3, 1, 1), Op::GlobalAvgPool, merge), ReceptiveField::Whole);
    }
}

#[test]
fn moves_shift_fields_and_resizing_moves_them_together() {
    let moved = |op| chain(&[conv(3, 2, 0), Op::Rearrange(op)]);
    assert_eq!(moved(Rearrange::Channels(Interval::new(0, 1))), window(0, 3, 2));
    assert_eq!(moved(Rearrange::ChannelShuffle { groups: 1 }), window(0, 3, 2));
    assert_eq!(moved(Rearrange::Pad(Pad::new(Padding::symmetric(2, 2)))), window(-4, 3, 2));
    assert_eq!(moved(Rearrange::Crop(Crop::Margins(Padding::symmetric(1, 1)))), window(2, 3, 2));
    assert_eq!(moved(Rearrange::PixelUnshuffle { factor: 4 }), window(0, 9, 8));
    assert_eq!(moved(Rearrange::PixelShuffle { factor: 2 }), window(0, 3, 1));
    // Half a pixel is rounded up.
    assert_eq!(moved(Rearrange::PixelShuffle { factor: 4 }), window(0, 3, 1));
    assert_eq!(moved(Rearrange::Reshape(Shape::map(4, 16, 16))), ReceptiveField::Whole);
    assert_eq!(moved(Rearrange::Reshape(Shape::map(1, 32, 32))), window(0, 3, 2));
    let twice = |mode| chain(&[conv(3, 2, 0), Op::Resize(Resize::new(To::Times(Size::square(2))).mode(mode))]);
    assert_eq!(twice(Interpolation::Nearest), window(0, 3, 1));
    assert_eq!(twice(Interpolation::Bilinear), window(-2, 5, 1));
    assert_eq!(twice(Interpolation::Bicubic), window(-4, 9, 1));
    let smaller = Op::Resize(Resize::new(To::To(Size::new(8, 16))));
    let [rows, columns] = [Extent { first: 0, size: 1, jump: 4 }, Extent { first: 0, size: 1, jump: 2 }];
    assert_eq!(chain(&[smaller]), ReceptiveField::Window([rows, columns]));
}

#[test]
fn some_layers_read_everything() {
    let linear = Op::Linear(Linear::new(1));
    for op in [Op::GlobalAvgPool, Op::GlobalMaxPool, Op::Grn { eps: 1e-6 }, linear] {
        assert_eq!(chain(&[conv(3, 1, 1), op]), ReceptiveField::Whole);
        assert_eq!(chain(&[op, conv(3, 2, 1), RELU]), ReceptiveField::Whole);
    }
    assert_eq!(chain(&[linear]).to_string(), "all");
    let eps = 1e-5;
    let over = |over| Op::Norm(Norm::Layer { over, eps, affine: true });
    for norm in [over(Over::All), Op::Norm(Norm::Instance { eps, affine: false })] {
        assert_eq!(chain(&[conv(3, 1, 1), norm]), ReceptiveField::Whole);
    }
    assert_eq!(chain(&[conv(3, 1, 1), over(Over::Channels)]), window(-1, 3, 1));
    for op in [Op::ChannelMean, Op::ChannelMax, Op::Glu] {
        assert_eq!(chain(&[conv(3, 1, 1), op]), window(-1, 3, 1));
    }
    // A softmax over channels reads a pixel, and one over features all of them.
    for softmax in [Op::Softmax, Op::LogSoftmax] {
        assert_eq!(chain(&[conv(3, 1, 1), softmax]), window(-1, 3, 1));
        let flat = Shape::Vector(1024);
        let layers = [(Op::Flatten, vec![Value::Input(0)], flat), (softmax, vec![Value::Node(0)], flat)];
        assert_eq!(last(&layers), ReceptiveField::Whole);
        assert_eq!(last(&layers[..1]), window(0, 1, 1));
    }
}

#[test]
fn a_number_that_scales_a_map_reaches_every_pixel() {
    let scale = Shape::map(1, 1, 1);
    let layers = |shape| {
        [(conv(32, 1, 0), vec![Value::Input(0)], scale), (Op::Mul, vec![Value::Input(0), Value::Node(0)], shape)]
    };
    assert_eq!(last(&layers(INPUT)), ReceptiveField::Whole);
}

#[test]
fn sizes_beyond_any_picture_are_no_overflow() {
    let huge = [conv(usize::MAX / 2, usize::MAX / 2, usize::MAX / 2); 3];
    assert_eq!(chain(&huge).size(), Some([u64::MAX; 2]));
}

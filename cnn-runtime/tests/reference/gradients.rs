//! Gradients of each layer against central finite differences.
//!
//! Numbers lie on a grid, all different and away from 0, so that no maximum changes and no kink is crossed within a difference.

use cnn_net::graph::{Graph, Input, Node, Output, Role, Tensor as Parameter, Value};
use cnn_net::op::{
    Activation, BatchNorm, Conv, ConvTranspose, Crop, Edge, Extent, Factor, Interpolation, Interval, Linear, Lrn,
    LrnWindow, Norm, Op, Over, Pad, Padding, Pool, PreluPer, Rearrange, Resize, Shape, Size, Window,
};
use cnn_runtime::reference::training::{Mode, Parameters, forward};
use cnn_runtime::reference::{self, Tensor, gradient};

use super::random::Rng;

/// A power of two, so that numbers on the grid move by exactly this, also in single precision.
const STEP: f64 = 1.0 / 4096.0;
const GRID: f64 = 1.0 / 64.0;
/// Relative to the largest gradient of a tensor.
const TOLERANCE: f64 = 1e-8;

/// The slope of a function at 0: central differences over a step and over two, combined so that what is left of their error is in
/// proportion to the fourth power of the step (Richardson's extrapolation).
fn slope(function: impl Fn(f64) -> f64) -> f64 {
    let difference = |step: f64| (function(step) - function(-step)) / (2.0 * step);
    (4.0 * difference(STEP) - difference(2.0 * STEP)) / 3.0
}

/// As many numbers, all different, around 0, with gaps of the grid.
fn draw(rng: &mut Rng, count: usize) -> Vec<f64> {
    let mut numbers: Vec<f64> = (0..count).map(|i| (i as f64 - count as f64 / 2.0 + 0.25) * GRID).collect();
    for last in (1..count).rev() {
        numbers.swap(last, rng.below(last + 1));
    }
    numbers
}

fn between(rng: &mut Rng, least: usize, most: usize) -> usize {
    least + rng.below(most - least + 1)
}

fn size(rng: &mut Rng, least: usize, most: usize) -> Size {
    Size::new(between(rng, least, most), between(rng, least, most))
}

fn map(rng: &mut Rng, channels: usize) -> Shape {
    let Size { height, width } = size(rng, 5, 7);
    Shape::map(channels, height, width)
}

/// The shape of a layer's output.
fn output(op: &Op, input: Shape) -> Shape {
    let (channels, size) = (input.channels(), input.size());
    let windows = |channels, window: Window| {
        let [height, width] = window.axes(size).map(|axis| axis.output().expect("a window that fits"));
        Shape::map(channels, height, width)
    };
    match op {
        Op::Conv(conv) => windows(conv.filters, conv.window()),
        Op::MaxPool(pool) | Op::AvgPool(pool) => windows(channels, pool.window()),
        Op::ConvTranspose(conv) => {
            let [vertical, horizontal] = conv.axes();
            let of = |extent: Option<usize>| extent.expect("not all is cut off");
            Shape::map(conv.filters, of(vertical.output(size.height)), of(horizontal.output(size.width)))
        }
        Op::Linear(linear) => Shape::Vector(linear.features),
        Op::GlobalAvgPool | Op::GlobalMaxPool => Shape::map(channels, 1, 1),
        Op::AdaptiveAvgPool(to) | Op::AdaptiveMaxPool(to) => Shape::map(channels, to.height, to.width),
        Op::ChannelMean | Op::ChannelMax => Shape::map(1, size.height, size.width),
        Op::Flatten => Shape::Vector(input.elements()),
        Op::Rearrange(op) => rearranged(*op, input),
        Op::Resize(resize) => {
            let to = resize.output(size);
            Shape::map(channels, to.height, to.width)
        }
        Op::Glu => match input {
            Shape::Vector(features) => Shape::Vector(features / 2),
            Shape::Map { .. } => Shape::map(channels / 2, size.height, size.width),
        },
        _ => input,
    }
}

fn rearranged(op: Rearrange, input: Shape) -> Shape {
    let (channels, Size { height, width }) = (input.channels(), input.size());
    match op {
        Rearrange::PixelShuffle { factor: r } => Shape::map(channels / (r * r), height * r, width * r),
        Rearrange::PixelUnshuffle { factor: r } => Shape::map(channels * r * r, height / r, width / r),
        Rearrange::Channels(part) => Shape::map(part.count(), height, width),
        Rearrange::Reshape(shape) => shape,
        Rearrange::Crop(crop) => {
            let margins = crop.margins(input.size()).expect("a part");
            Shape::map(channels, height - margins.top - margins.bottom, width - margins.left - margins.right)
        }
        Rearrange::Pad(pad) => Shape::map(channels, pad.output(input.size()).height, pad.output(input.size()).width),
        _ => input,
    }
}

/// A net of one layer, on a minibatch, with a weight for each number of its output. The sum of all products is a loss whose gradients
/// are known.
struct Layer {
    op: Op,
    input: Shape,
    images: Vec<Vec<f64>>,
    parameters: Parameters,
    upstream: Vec<Tensor>,
    frozen: bool,
}

impl Layer {
    fn new(op: Op, input: Shape, images: usize, rng: &mut Rng) -> Self {
        let images = (0..images).map(|_| draw(rng, input.elements()));
        let images: Vec<_> = images.collect();
        let mut parameters = Parameters::new();
        for (role, dims) in op.tensors(input).iter() {
            let numbers = draw(rng, dims.iter().product());
            // Variances are not negative.
            let numbers = numbers.into_iter().map(|x| if role == Role::RunningVar { x.abs() + 0.5 } else { x });
            parameters.insert(role.name().to_owned(), numbers.collect());
        }
        let shape = output(&op, input);
        let upstream = images.iter().map(|_| Tensor { shape, data: draw(rng, shape.elements()) }).collect();
        Self { op, input, images, parameters, upstream, frozen: false }
    }

    fn with<T>(
        &self,
        parameters: &Parameters,
        images: &[Vec<f64>],
        f: impl FnOnce(reference::training::Forward<'_>) -> T,
    ) -> T {
        let dims: Vec<_> = self.op.tensors(self.input).iter().collect();
        let tensors: Vec<_> = dims.iter().map(|(role, dims)| Parameter::new(role.name(), *role, dims)).collect();
        let nodes = [Node::new("layer", self.op, &[Value::Input(0)], output(&self.op, self.input)).tensors(&tensors)];
        let (inputs, outputs) = ([Input::new("", self.input)], [Output::new("", Value::Node(0))]);
        let graph = Graph::new("Net", &inputs, &nodes, &outputs);
        let images: Vec<Vec<f32>> = images.iter().map(|image| image.iter().map(|x| *x as f32).collect()).collect();
        let batch: Vec<&[f32]> = images.iter().map(Vec::as_slice).collect();
        let mode = Mode { seed: 1, step: 2, frozen: &|_| self.frozen };
        f(forward(&graph, parameters, &batch, mode).unwrap_or_else(|error| panic!("{:?}: {error}", self.op)))
    }

    fn loss(&self, parameters: &Parameters, images: &[Vec<f64>]) -> f64 {
        self.with(parameters, images, |pass| {
            let products = pass.value(Value::Node(0)).iter().zip(&self.upstream);
            products.flat_map(|(output, upstream)| output.data.iter().zip(&upstream.data)).map(|(y, g)| y * g).sum()
        })
    }

    /// The slope of the loss along a change.
    fn slope(&self, change: impl Fn(&mut Parameters, &mut [Vec<f64>], f64)) -> f64 {
        slope(|by| {
            let (mut parameters, mut images) = (self.parameters.clone(), self.images.clone());
            change(&mut parameters, &mut images, by);
            self.loss(&parameters, &images)
        })
    }

    fn check(&self) {
        let backward = self.with(&self.parameters, &self.images, |pass| {
            pass.backward(&[(Value::Node(0), self.upstream.clone())]).expect("a layer with a gradient")
        });
        let of_input = backward.value(Value::Input(0)).expect("the loss depends on the input");
        for (image, gradient) in of_input.iter().enumerate() {
            let expected =
                (0..gradient.data.len()).map(|element| self.slope(|_, images, by| images[image][element] += by));
            assert_near(
                &format!("{:?} of {}, input", self.op, self.input),
                &expected.collect::<Vec<_>>(),
                &gradient.data,
            );
        }
        assert_eq!(backward.parameters.is_empty(), self.frozen || self.parameters.is_empty());
        for (name, gradient) in &backward.parameters {
            let change = |element: usize| {
                self.slope(|parameters, _, by| {
                    parameters.get_mut(name).expect("a tensor")[element] += by;
                })
            };
            let expected: Vec<_> = (0..gradient.len()).map(change).collect();
            assert_near(&format!("{:?} of {}, {name}", self.op, self.input), &expected, gradient);
        }
    }
}

#[track_caller]
fn assert_near(what: &str, expected: &[f64], found: &[f64]) {
    assert_eq!(expected.len(), found.len(), "{what}");
    let scale = expected.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    assert!(scale < 1e6, "{what}: {scale}");
    for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
        let near = (expected - found).abs() <= TOLERANCE * scale + 1e-10;
        assert!(near, "{what} [{index}]: {found}, the difference is {expected} (largest {scale})");
    }
}

/// Checks a layer for each of some seeds.
fn check(seeds: u64, mut layer: impl FnMut(&mut Rng) -> (Op, Shape)) {
    for seed in 0..seeds {
        let rng = &mut Rng(seed);
        let (op, input) = layer(rng);
        Layer::new(op, input, 2, rng).check();
    }
}

fn pad(rng: &mut Rng, most: usize) -> Padding {
    let mut side = || rng.below(most + 1);
    Padding::new(side(), side(), side(), side())
}

#[test]
fn convolutions() {
    check(24, |rng| {
        let groups = between(rng, 1, 3);
        let conv = Conv::new(groups * between(rng, 1, 2), size(rng, 1, 3))
            .stride(size(rng, 1, 3))
            .dilation(size(rng, 1, 2))
            .pad(pad(rng, 2))
            .groups(groups)
            .bias(rng.below(2) == 0);
        (Op::Conv(conv), map(rng, groups * rng_channels(groups)))
    });
}

/// Two channels in a group, or one if there are many groups.
fn rng_channels(groups: usize) -> usize {
    if groups > 2 { 1 } else { 2 }
}

#[test]
fn transposed_convolutions() {
    check(24, |rng| {
        let groups = between(rng, 1, 3);
        let (stride, dilation) = (size(rng, 1, 3), size(rng, 1, 2));
        let most = |stride: usize, dilation: usize| stride.max(dilation) - 1;
        let output_pad = Size::new(
            between(rng, 0, most(stride.height, dilation.height)),
            between(rng, 0, most(stride.width, dilation.width)),
        );
        let conv = ConvTranspose::new(groups * between(rng, 1, 2), size(rng, 2, 3))
            .stride(stride)
            .dilation(dilation)
            .pad(pad(rng, 1))
            .output_pad(output_pad)
            .groups(groups)
            .bias(rng.below(2) == 0);
        (Op::ConvTranspose(conv), Shape::map(groups * rng_channels(groups), between(rng, 2, 4), between(rng, 2, 4)))
    });
}

#[test]
fn fully_connected_layers() {
    check(6, |rng| {
        let linear = Linear::new(between(rng, 1, 5)).bias(rng.below(2) == 0);
        let input = if rng.below(2) == 0 { Shape::map(2, 3, 4) } else { Shape::Vector(between(rng, 1, 9)) };
        (Op::Linear(linear), input)
    });
}

#[test]
fn poolings() {
    for make in [Op::MaxPool as fn(Pool) -> Op, Op::AvgPool] {
        check(20, |rng| {
            let kernel = size(rng, 2, 3);
            let pool = Pool::new(kernel, size(rng, 1, 3))
                .pad(pad(rng, 1))
                .dilation(size(rng, 1, 2))
                .ceil(rng.below(2) == 0)
                .count_include_pad(rng.below(2) == 0);
            (make(pool), map(rng, 2))
        });
    }
}

#[test]
fn poolings_of_whole_maps_and_of_channels() {
    for op in [Op::GlobalAvgPool, Op::GlobalMaxPool, Op::ChannelMean, Op::ChannelMax] {
        check(3, |rng| {
            let channels = between(rng, 1, 5);
            (op, map(rng, channels))
        });
    }
    for make in [Op::AdaptiveAvgPool as fn(Size) -> Op, Op::AdaptiveMaxPool] {
        check(8, |rng| (make(size(rng, 1, 9)), map(rng, 2)));
    }
}

#[test]
fn numbers_in_other_places() {
    let crop = |rng: &mut Rng| if rng.below(2) == 0 { Crop::To(size(rng, 1, 4)) } else { Crop::Margins(pad(rng, 2)) };
    check(4, |rng| (Op::Rearrange(Rearrange::Crop(crop(rng))), map(rng, 2)));
    check(9, |rng| {
        let mode = [Edge::Zero, Edge::Reflect, Edge::Replicate][rng.below(3)];
        (Op::Rearrange(Rearrange::Pad(Pad { mode, value: 1.5, ..Pad::new(pad(rng, 3)) })), map(rng, 2))
    });
    for (op, input) in [
        (Op::Flatten, Shape::map(2, 3, 4)),
        (Op::Rearrange(Rearrange::PixelShuffle { factor: 2 }), Shape::map(8, 2, 3)),
        (Op::Rearrange(Rearrange::PixelUnshuffle { factor: 3 }), Shape::map(2, 3, 6)),
        (Op::Rearrange(Rearrange::ChannelShuffle { groups: 3 }), Shape::map(6, 2, 2)),
        (Op::Rearrange(Rearrange::Channels(Interval::new(1, 3))), Shape::map(5, 2, 2)),
        (Op::Rearrange(Rearrange::Reshape(Shape::map(4, 1, 3))), Shape::Vector(12)),
    ] {
        check(1, |_| (op, input));
    }
}

#[test]
fn maps_of_another_size() {
    for mode in [Interpolation::Nearest, Interpolation::Bilinear, Interpolation::Bicubic] {
        for align_corners in [false, true] {
            check(4, |rng| {
                let to = if rng.below(2) == 0 { Extent::Times(size(rng, 1, 3)) } else { Extent::To(size(rng, 1, 9)) };
                let align_corners = align_corners && mode != Interpolation::Nearest;
                (Op::Resize(Resize::new(to).mode(mode).align_corners(align_corners)), Shape::map(2, 3, 4))
            });
        }
    }
}

#[test]
fn local_response_normalisation() {
    for window in LrnWindow::ALL {
        check(4, |rng| {
            let lrn = Lrn { window, ..Lrn::new(between(rng, 1, 6), 0.3, 0.75, 1.5) };
            (Op::Lrn(lrn), Shape::map(between(rng, 1, 7), 2, 3))
        });
    }
}

#[test]
fn batch_normalisation() {
    for seed in 0..6 {
        let rng = &mut Rng(seed);
        let channels = between(rng, 1, 4);
        let input = if seed % 2 == 0 { map(rng, channels) } else { Shape::Vector(channels) };
        let op = Op::BatchNorm(BatchNorm::new(1e-3, 0.1));
        let layer = Layer::new(op, input, 3, rng);
        layer.check();
        // Its tensors have no gradients then; those are checked below.
        Layer { frozen: true, ..layer }.check();
    }
}

fn statistics([weight, bias, mean, var]: &[Vec<f64>; 4]) -> reference::Statistics<'_, f64> {
    reference::Statistics { weight: Some(weight), bias: Some(bias), mean, var }
}

#[test]
fn batch_normalisation_with_running_statistics() {
    let rng = &mut Rng(1);
    let (op, input) = (BatchNorm::new(1e-3, 0.1), Tensor { shape: Shape::map(2, 3, 3), data: draw(&mut Rng(2), 18) });
    let upstream = Tensor { shape: input.shape, data: draw(rng, 18) };
    let tensors: [Vec<f64>; 4] = [draw(rng, 2), draw(rng, 2), draw(rng, 2), vec![0.5, 2.0]];
    let loss = |tensors: &[Vec<f64>; 4]| {
        let output = reference::batch_norm(&op, &input, &statistics(tensors));
        output.data.iter().zip(&upstream.data).map(|(y, g)| y * g).sum::<f64>()
    };
    let found = gradient::batch_norm(&op, &input, &statistics(&tensors), &upstream);
    for (tensor, found) in [&found.weight, &found.bias].into_iter().enumerate() {
        let expected = |element: usize| {
            slope(|by| {
                let mut tensors = tensors.clone();
                tensors[tensor][element] += by;
                loss(&tensors)
            })
        };
        assert_near("frozen batch_norm", &[0, 1].map(expected), found);
    }
}

#[test]
fn normalisations() {
    let mut norms = Vec::new();
    for over in [Over::Channels, Over::All] {
        for affine in [true, false] {
            norms.push(Norm::Layer { over, eps: 1e-3, affine });
            norms.push(Norm::Rms { over, eps: 1e-3, affine });
        }
        norms.push(Norm::L2 { over, eps: 1e-12 });
        // Longer than any input.
        norms.push(Norm::L2 { over, eps: 50.0 });
    }
    for affine in [true, false] {
        norms.extend([1, 2, 4].map(|groups| Norm::Group { groups, eps: 1e-3, affine }));
        norms.push(Norm::Instance { eps: 1e-3, affine });
    }
    for norm in norms {
        for input in [Shape::map(4, 3, 2), Shape::Vector(8)] {
            if matches!((norm, input), (Norm::Instance { .. }, Shape::Vector(_))) {
                continue; // The language has it for maps alone.
            }
            check(2, |_| (Op::Norm(norm), input));
        }
    }
}

#[test]
fn global_responses() {
    for (eps, input) in [(1e-6, Shape::map(4, 3, 2)), (0.5, Shape::map(1, 1, 3)), (1e-3, Shape::map(5, 1, 1))] {
        check(3, |_| (Op::Grn { eps }, input));
    }
}

/// The length of a channel of zeros has no gradient, as in PyTorch.
#[test]
fn a_channel_without_response() {
    let input = Tensor::new(Shape::map(2, 1, 2), &[0.0, 0.0, 3.0, 4.0]);
    let upstream = Tensor::new(input.shape, &[1.0, -2.0, 0.5, 0.25]);
    let found = gradient::grn(0.0, &input, &[5.0, 0.5], &upstream);
    assert_eq!(found.inputs[0].data[..2], [1.0, -2.0]);
    assert!(found.inputs[0].data[2..].iter().all(|x| x.is_finite()));
}

#[test]
fn factors_slopes_and_gates() {
    for input in [Shape::map(4, 3, 2), Shape::Vector(6)] {
        for op in [
            Op::Scale { factor: Factor::Channel },
            Op::Scale { factor: Factor::Tensor },
            Op::Scale { factor: Factor::Fixed(0.3) },
            Op::Prelu(PreluPer::Channel),
            Op::Prelu(PreluPer::Element),
            Op::Prelu(PreluPer::Tensor),
            Op::Glu,
            Op::Softmax,
            Op::LogSoftmax,
            Op::Dropout { p: 0.4 },
        ] {
            check(3, |_| (op, input));
        }
    }
}

/// One slope for all, as a file may have it.
#[test]
fn a_single_slope() {
    let rng = &mut Rng(3);
    let mut layer = Layer::new(Op::Prelu(PreluPer::Channel), Shape::map(4, 2, 3), 2, rng);
    layer.parameters.insert("weight".to_owned(), vec![0.3]);
    layer.check();
}

#[test]
fn activations() {
    for activation in Activation::ALL {
        let op = Op::Activation(activation);
        if op.differentiable().is_err() {
            continue;
        }
        check(2, |_| (op, Shape::Vector(64)));
        // From -8 to 8: beyond every kink.
        let numbers = draw(&mut Rng(1), 1024);
        let expected = numbers.iter().map(|x| slope(|by| reference::activate(activation, x + by)));
        let found: Vec<_> = numbers.iter().map(|x| reference::derivative(activation, *x)).collect();
        assert_near(activation.name(), &expected.collect::<Vec<_>>(), &found);
    }
}

type Merge = fn(&[&Tensor]) -> Tensor;
type MergeGradient = fn(&[&Tensor], &Tensor) -> Vec<Tensor>;

#[test]
fn merges() {
    let merges: [(Merge, MergeGradient, bool); 5] = [
        (reference::add, gradient::add, true),
        (reference::sub, gradient::sub, true),
        (reference::mul, gradient::mul, true),
        (reference::max, gradient::max, true),
        (reference::concat, gradient::concat, false),
    ];
    let (whole, channels, pixels) = (Shape::map(3, 2, 4), Shape::map(3, 1, 1), Shape::map(1, 2, 4));
    let alike: [&[Shape]; 4] =
        [&[whole, whole], &[whole; 3], &[Shape::Vector(5); 4], &[Shape::map(2, 2, 2), Shape::map(2, 2, 2)]];
    let repeated: [&[Shape]; 5] = [
        &[whole, channels],
        &[pixels, whole],
        &[channels, pixels],
        &[whole, channels, pixels],
        &[channels, whole, whole],
    ];
    let (mut seed, all) = (0, alike.into_iter().chain(repeated).enumerate());
    for (index, shapes) in all {
        for (merge, gradient, repeats) in merges {
            if repeats || index < alike.len() {
                seed += 1;
                check_merge(merge, gradient, shapes, &mut Rng(seed));
            }
        }
    }
}

fn check_merge(merge: Merge, gradient: MergeGradient, shapes: &[Shape], rng: &mut Rng) {
    let mut numbers = draw(rng, shapes.iter().map(Shape::elements).sum());
    let input = |shape: &Shape| Tensor { shape: *shape, data: numbers.drain(..shape.elements()).collect() };
    let inputs: Vec<Tensor> = shapes.iter().map(input).collect();
    let output = merge(&inputs.iter().collect::<Vec<_>>());
    let upstream = Tensor { shape: output.shape, data: draw(rng, output.data.len()) };
    let loss = |inputs: &[Tensor]| {
        let output = merge(&inputs.iter().collect::<Vec<_>>());
        output.data.iter().zip(&upstream.data).map(|(y, g)| y * g).sum::<f64>()
    };
    for (input, found) in gradient(&inputs.iter().collect::<Vec<_>>(), &upstream).iter().enumerate() {
        let expected = |element: usize| {
            slope(|by| {
                let mut inputs = inputs.clone();
                inputs[input].data[element] += by;
                loss(&inputs)
            })
        };
        let expected: Vec<_> = (0..found.data.len()).map(expected).collect();
        assert_near(&format!("{shapes:?}, input {input}"), &expected, &found.data);
    }
}

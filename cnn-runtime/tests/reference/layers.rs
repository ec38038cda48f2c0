//! Each layer by itself.

use cnn_net::graph::{Graph, Input, Node, Output, Role, Tensor as Parameter, Value};
use cnn_net::op::{
    Activation, BatchNorm, Conv, Linear, Lrn, LrnWindow, Op, Padding, Pool, PreluPer, Shape, Size, Store,
};
use cnn_runtime::reference::{
    Params, RunningVariance, Statistics, Tensor, activate, add, batch_norm_training, concat, mul, run,
};

/// Numbers that are not exact in binary, or come from `f32` arguments.
const ROUNDING: f64 = 1e-7;

const ONE: Size = Size::square(1);

/// An input or an expected output of a layer.
type Given<'a> = (Shape, &'a [f32]);

fn map(channels: usize, height: usize, width: usize) -> Shape {
    Shape::map(channels, height, width)
}

/// Runs a net of one layer.
fn apply(op: Op, (shape, data): Given<'_>, params: &[(Role, &[f32])], output: Shape) -> Vec<f64> {
    let shapes: Vec<_> = params.iter().map(|(_, values)| [values.len()]).collect();
    let tensors = params.iter().zip(&shapes);
    let tensors = tensors.map(|((role, _), shape)| Parameter { name: role.name(), role: *role, shape });
    let tensors: Vec<_> = tensors.collect();
    let inputs = &[Value::Input(0)];
    let nodes = [Node::new("layer", op, inputs, output).tensors(&tensors)];
    let (inputs, outputs) = ([Input::new("", shape)], [Output::new("", Value::Node(0))]);
    let graph = Graph::new("Net", &inputs, &nodes, &outputs);
    let params: Params = params.iter().map(|(role, values)| (role.name().to_string(), values.to_vec())).collect();
    run(&graph, &params, data).unwrap().result().data.clone()
}

/// Asserts a layer's output.
fn check(op: Op, input: Given<'_>, params: &[(Role, &[f32])], (shape, expected): (Shape, &[f64])) {
    assert_close(&apply(op, input, params, shape), expected, &format!("{op:?}"));
}

fn assert_close(found: &[f64], expected: &[f64], what: &str) {
    let close = |(found, expected): (&f64, &f64)| (found - expected).abs() <= ROUNDING * expected.abs().max(1.0);
    assert_eq!(found.len(), expected.len(), "{what}");
    assert!(found.iter().zip(expected).all(close), "{what}: {found:?} is not {expected:?}");
}

/// A convolution with one filter and default arguments.
fn plain(height: usize, width: usize) -> Conv {
    let kernel = Size::new(height, width);
    Conv { filters: 1, kernel, stride: ONE, pad: Padding::NONE, dilation: ONE, groups: 1, bias: false }
}

const NINE: Given<'static> = (Shape::map(1, 3, 3), &[1., 2., 3., 4., 5., 6., 7., 8., 9.]);

#[test]
fn conv_does_not_flip_the_kernel() {
    let weight: &[f32] = &[1., 2., 3., 4.];
    check(Op::Conv(plain(2, 2)), NINE, &[(Role::Weight, weight)], (map(1, 2, 2), &[37., 47., 67., 77.]));
    let biased = Op::Conv(Conv { bias: true, ..plain(2, 2) });
    let params = [(Role::Weight, weight), (Role::Bias, &[0.5])];
    check(biased, NINE, &params, (map(1, 2, 2), &[37.5, 47.5, 67.5, 77.5]));
}

#[test]
fn conv_pads_each_edge_on_its_own() {
    let pad = Padding { top: 1, right: 1, ..Padding::NONE };
    let input = (map(1, 2, 2), &[1_f32, 2., 3., 4.][..]);
    let weight: &[f32] = &[1., 2., 3., 4.];
    check(
        Op::Conv(Conv { pad, ..plain(2, 2) }),
        input,
        &[(Role::Weight, weight)],
        (map(1, 2, 2), &[11., 6., 30., 14.]),
    );
}

#[test]
fn conv_strides_and_dilates_in_each_direction() {
    let dilated = Conv { dilation: Size::new(2, 1), ..plain(2, 1) };
    check(Op::Conv(dilated), NINE, &[(Role::Weight, &[1., 10.])], (map(1, 1, 3), &[71., 82., 93.]));
    let strided = Conv { stride: Size::new(2, 1), ..plain(1, 2) };
    check(Op::Conv(strided), NINE, &[(Role::Weight, &[1., 1.])], (map(1, 2, 2), &[3., 5., 15., 17.]));
}

#[test]
fn conv_sums_over_the_channels_of_its_group() {
    let input = (map(2, 1, 2), &[1_f32, 2., 3., 4.][..]);
    check(Op::Conv(plain(1, 1)), input, &[(Role::Weight, &[1., 100.])], (map(1, 1, 2), &[301., 402.]));
    let grouped = Conv { filters: 4, groups: 2, ..plain(1, 1) };
    let expected = (map(4, 1, 2), &[1., 2., 10., 20., 6., 8., 60., 80.][..]);
    check(Op::Conv(grouped), input, &[(Role::Weight, &[1., 10., 2., 20.])], expected);
}

#[test]
fn linear_flattens_channels_first() {
    let weight: &[f32] = &[1., 10., 100., 1000., 1., 1., 1., 1.];
    let op = Op::Linear(Linear { features: 2, bias: true, store: Store::F32 });
    for shape in [map(2, 1, 2), map(1, 2, 2), Shape::Vector(4)] {
        let params = [(Role::Weight, weight), (Role::Bias, &[0.5, -10.])];
        check(op, (shape, &[1., 2., 3., 4.]), &params, (Shape::Vector(2), &[4321.5, 0.]));
    }
}

fn pool(height: usize, width: usize, stride: usize) -> Pool {
    let (kernel, stride) = (Size::new(height, width), Size::square(stride));
    Pool { kernel, stride, pad: Padding::NONE, dilation: ONE, ceil: false, count_include_pad: true }
}

#[test]
fn padding_is_never_the_maximum() {
    let negative = NINE.1.iter().map(|value| -value).collect::<Vec<_>>();
    let op = Op::MaxPool(Pool { pad: Padding::symmetric(1, 1), ..pool(2, 2, 2) });
    check(op, (NINE.0, &negative), &[], (map(1, 2, 2), &[-1., -2., -4., -5.]));
}

#[test]
fn pools_round_down_or_up() {
    let row = (map(1, 1, 5), &[1_f32, 2., 3., 4., 5.][..]);
    let up = |pool| Pool { ceil: true, ..pool };
    check(Op::MaxPool(pool(1, 2, 2)), row, &[], (map(1, 1, 2), &[2., 4.]));
    check(Op::MaxPool(up(pool(1, 2, 2))), row, &[], (map(1, 1, 3), &[2., 4., 5.]));
    check(Op::AvgPool(up(pool(1, 2, 2))), row, &[], (map(1, 1, 3), &[1.5, 3.5, 5.]));
    // A third window would start after the end of the input.
    let pair = (map(1, 1, 2), &[1_f32, 2.][..]);
    check(Op::MaxPool(up(pool(1, 1, 2))), pair, &[], (map(1, 1, 1), &[1.]));
    let padded = Pool { pad: Padding::symmetric(0, 1), ..up(pool(1, 3, 3)) };
    check(Op::MaxPool(padded), row, &[], (map(1, 1, 2), &[2., 5.]));
}

#[test]
fn max_pool_dilates() {
    let op = Op::MaxPool(Pool { dilation: Size::new(1, 2), ..pool(1, 2, 1) });
    check(op, (map(1, 1, 4), &[4., 9., 2., 3.]), &[], (map(1, 1, 2), &[4., 9.]));
}

#[test]
fn avg_pool_counts_padding_if_asked() {
    let square = (map(1, 2, 2), &[4_f32, 8., 12., 16.][..]);
    let counting = Pool { pad: Padding::symmetric(1, 1), ..pool(2, 2, 2) };
    let not = |pool| Pool { count_include_pad: false, ..pool };
    check(Op::AvgPool(counting), square, &[], (map(1, 2, 2), &[1., 2., 3., 4.]));
    check(Op::AvgPool(not(counting)), square, &[], (map(1, 2, 2), &[4., 8., 12., 16.]));
    // The last of the three windows covers 8, a column of padding, and a column that only `ceil` adds.
    let row = (map(1, 1, 4), &[2_f32, 4., 6., 8.][..]);
    let ceil = Pool { pad: Padding::symmetric(0, 1), ceil: true, ..pool(1, 3, 2) };
    check(Op::AvgPool(ceil), row, &[], (map(1, 1, 3), &[2., 6., 4.]));
    check(Op::AvgPool(not(ceil)), row, &[], (map(1, 1, 3), &[3., 6., 8.]));
}

#[test]
fn global_pools_take_whole_maps() {
    let input = (map(2, 1, 2), &[1_f32, 3., 5., 9.][..]);
    check(Op::GlobalAvgPool, input, &[], (map(2, 1, 1), &[2., 7.]));
    check(Op::GlobalMaxPool, input, &[], (map(2, 1, 1), &[3., 9.]));
}

#[test]
fn flatten_and_dropout_leave_the_numbers_alone() {
    let input = (map(2, 1, 2), &[1_f32, 3., 5., 9.][..]);
    check(Op::Flatten, input, &[], (Shape::Vector(4), &[1., 3., 5., 9.]));
    check(Op::Dropout { p: 0.5 }, input, &[], (map(2, 1, 2), &[1., 3., 5., 9.]));
}

#[test]
fn lrn_does_not_divide_alpha_by_the_size() {
    let input = (map(4, 1, 1), &[1_f32, 2., 3., 4.][..]);
    let expected = (map(4, 1, 1), &[1. / 6., 2. / 15., 3. / 30., 4. / 26.][..]);
    // In the paper's formula `n/2` is a whole number: 2 channels are summed like 3.
    let paper = LrnWindow::Paper;
    for (size, window) in [(2, paper), (3, paper), (3, LrnWindow::Torch), (3, LrnWindow::Onnx)] {
        check(Op::Lrn(Lrn { size, window, alpha: 1., beta: 1., k: 1. }), input, &[], expected);
    }
    let root = Lrn { size: 5, window: paper, alpha: 0.5, beta: 0.5, k: 1. };
    let sums: [f64; 4] = [14., 30., 30., 29.];
    let expected = [0, 1, 2, 3].map(|i| (i + 1) as f64 / (1. + 0.5 * sums[i]).sqrt());
    check(Op::Lrn(root), input, &[], (map(4, 1, 1), &expected));
}

#[test]
fn lrn_of_an_even_size_has_the_declared_window() {
    let input = (map(4, 1, 1), &[1_f32, 2., 3., 4.][..]);
    let sums = |size, window, sums: [f64; 4]| {
        let expected = [0, 1, 2, 3].map(|i| (i + 1) as f64 / (1. + sums[i]));
        check(Op::Lrn(Lrn { size, window, alpha: 1., beta: 1., k: 1. }), input, &[], (map(4, 1, 1), &expected));
    };
    sums(2, LrnWindow::Torch, [1., 5., 13., 25.]);
    sums(2, LrnWindow::Onnx, [5., 13., 25., 16.]);
    sums(4, LrnWindow::Torch, [5., 14., 30., 29.]);
    sums(4, LrnWindow::Onnx, [14., 30., 29., 25.]);
    sums(4, LrnWindow::Paper, [14., 30., 30., 29.]);
}

#[test]
fn batch_norm_uses_the_running_statistics() {
    let op = Op::BatchNorm(BatchNorm::new(1.0, 0.1));
    let params: [(Role, &[f32]); 4] = [
        (Role::Weight, &[2., 1.]),
        (Role::Bias, &[0., 10.]),
        (Role::RunningMean, &[1., 3.]),
        (Role::RunningVar, &[3., 0.]),
    ];
    check(op, (map(2, 1, 2), &[1., 2., 3., 4.]), &params, (map(2, 1, 2), &[0., 1., 10., 11.]));
    check(op, (Shape::Vector(2), &[1., 4.]), &params, (Shape::Vector(2), &[0., 11.]));
}

/// Two samples of two maps of 1x2; the squares of both channels' deviations from the mean add up to 14.
fn batch() -> [Tensor; 2] {
    [[1., 2., 13., 10.], [3., 6., 8., 9.]].map(|sample| Tensor::new(map(2, 1, 2), &sample))
}

const STATISTICS: Statistics<'static> =
    Statistics { weight: Some(&[2., 10.]), bias: Some(&[0.5, -1.]), mean: &[1., 0.], var: &[1., 2.] };

#[test]
fn batch_norm_in_training_uses_the_statistics_of_the_batch() {
    let op = BatchNorm::new(0.5, 0.25);
    let steps = batch_norm_training(&op, &batch(), &STATISTICS, RunningVariance::Unbiased);
    assert_eq!((&steps.mean[..], &steps.var[..]), (&[3., 10.][..], &[3.5, 3.5][..]));
    assert_eq!(steps.normalised[0].data, [-1., -0.5, 1.5, 0.]);
    assert_eq!(steps.normalised[1].data, [0., 1.5, -1., -0.5]);
    assert_eq!(steps.output[0].data, [-1.5, -0.5, 14., -1.]);
    assert_eq!(steps.output[1].data, [0.5, 3.5, -11., -6.]);
}

/// `torch.nn.BatchNorm2d(2, eps=0.5, momentum=0.25)` in training gives the first.
#[test]
fn running_statistics_take_a_share_of_the_batch() {
    let op = BatchNorm::new(0.5, 0.25);
    for (running, var) in [
        (RunningVariance::Unbiased, [0.75 + 14. / 12., 1.5 + 14. / 12.]),
        (RunningVariance::Biased, [0.75 + 14. / 16., 1.5 + 14. / 16.]),
    ] {
        let steps = batch_norm_training(&op, &batch(), &STATISTICS, running);
        assert_close(&steps.running_mean, &[0.75 + 0.75, 2.5], "mean");
        assert_close(&steps.running_var, &var, "variance");
    }
}

#[test]
#[should_panic(expected = "one number has no unbiased variance")]
fn one_number_has_no_unbiased_variance() {
    let op = BatchNorm::new(0.5, 0.25);
    let sample = [Tensor::new(Shape::Vector(2), &[1., 2.])];
    let _ = batch_norm_training(&op, &sample, &STATISTICS, RunningVariance::Unbiased);
}

#[test]
fn prelu_slopes_are_per_channel_per_element_or_one() {
    let input = (map(2, 1, 2), &[-1_f32, 2., -3., -4.][..]);
    let cases: [(_, &[f32], &[f64]); 4] = [
        (PreluPer::Channel, &[0.5, 10.], &[-0.5, 2., -30., -40.]),
        (PreluPer::Channel, &[0.25], &[-0.25, 2., -0.75, -1.]),
        (PreluPer::Element, &[1., 2., 3., 4.], &[-1., 2., -9., -16.]),
        (PreluPer::Tensor, &[0.25], &[-0.25, 2., -0.75, -1.]),
    ];
    for (per, slopes, expected) in cases {
        check(Op::Prelu(per), input, &[(Role::Weight, slopes)], (input.0, expected));
    }
}

#[test]
fn softmax_is_over_features_or_channels() {
    let odds: &[f32] = &[0., f32::ln(3.)];
    check(Op::Softmax, (Shape::Vector(2), odds), &[], (Shape::Vector(2), &[0.25, 0.75]));
    check(Op::LogSoftmax, (Shape::Vector(2), odds), &[], (Shape::Vector(2), &[0.25_f64.ln(), 0.75_f64.ln()]));
    check(Op::Softmax, (Shape::Vector(2), &[1000., 1000.]), &[], (Shape::Vector(2), &[0.5, 0.5]));
    check(Op::LogSoftmax, (Shape::Vector(2), &[0., 1000.]), &[], (Shape::Vector(2), &[-1000., 0.]));
    check(Op::Softmax, (map(2, 1, 2), &[0., 5., 0., 5.]), &[], (map(2, 1, 2), &[0.5; 4]));
    check(
        Op::Softmax,
        (map(2, 1, 2), &[0., 0., 5., 5.]),
        &[],
        (map(2, 1, 2), &{
            let (low, high) = (1. / (1. + 5_f64.exp()), 1. / (1. + (-5_f64).exp()));
            [low, low, high, high]
        }),
    );
}

#[test]
fn merges_take_any_number_of_inputs() {
    let one = Tensor::new(map(1, 1, 2), &[1., 2.]);
    let two = Tensor::new(map(2, 1, 2), &[3., 4., 5., 6.]);
    let scale = Tensor::new(map(2, 1, 1), &[10., 100.]);
    let vector = Tensor::new(Shape::Vector(2), &[7., 8.]);
    let cases = [
        (concat(&[&one, &two, &one]), map(4, 1, 2), &[1., 2., 3., 4., 5., 6., 1., 2.][..]),
        (concat(&[&vector, &vector]), Shape::Vector(4), &[7., 8., 7., 8.]),
        (add(&[&two, &two, &two]), two.shape, &[9., 12., 15., 18.]),
        (add(&[&vector]), vector.shape, &[7., 8.]),
        (mul(&[&two, &two]), two.shape, &[9., 16., 25., 36.]),
        (mul(&[&two, &scale]), two.shape, &[30., 40., 500., 600.]),
        (mul(&[&scale, &two, &scale]), two.shape, &[300., 400., 50_000., 60_000.]),
    ];
    for (found, shape, expected) in cases {
        assert_eq!(found.shape, shape);
        assert_close(&found.data, expected, "merge");
    }
}

#[test]
fn activations() {
    let e = core::f64::consts::E;
    let cases: &[(Activation, &[(f64, f64)])] = &[
        (Activation::Identity, &[(-2., -2.)]),
        (Activation::Step, &[(0., 1.), (-0., 1.), (-0.1, 0.), (3., 1.)]),
        (Activation::Sigmoid, &[(0., 0.5), (3_f64.ln(), 0.75), (-1000., 0.), (1000., 1.)]),
        (Activation::Tanh, &[(0., 0.), (3_f64.ln(), 0.8), (-1000., -1.)]),
        (Activation::Relu, &[(-1., 0.), (2., 2.)]),
        (Activation::Relu6, &[(-1., 0.), (2., 2.), (7., 6.)]),
        (Activation::LeakyRelu { slope: 0.25 }, &[(-2., -0.5), (2., 2.)]),
        (Activation::Elu { alpha: 2. }, &[(-1., 2. / e - 2.), (0., 0.), (3., 3.)]),
        (
            Activation::Selu { alpha: Activation::SELU_ALPHA, gamma: Activation::SELU_GAMMA },
            &[(1., 1.050_700_987_355_480_5), (-1., -1.111_330_737_812_562_8), (0., 0.)],
        ),
        (Activation::Selu { alpha: 2., gamma: 3. }, &[(-1., 6. / e - 6.), (0., 0.), (2., 6.)]),
        (
            Activation::Softplus { beta: 2., threshold: 3. },
            &[(0., 2_f64.ln() / 2.), (1.5, 1.5 + (-3_f64).exp().ln_1p() / 2.), (2., 2.)],
        ),
        (Activation::SOFTPLUS, &[(0., 2_f64.ln()), (1000., 1000.), (-1000., 0.), (3_f64.ln(), 4_f64.ln())]),
        (Activation::Softsign, &[(-1., -0.5), (3., 0.75)]),
        (Activation::Gelu, &[(0., 0.), (1., 0.841_344_746_068_542_9), (-1., -0.158_655_253_931_457_07)]),
        (Activation::GeluTanh, &[(0., 0.), (1., 0.841_191_990_608_276_5), (-1., -0.158_808_009_391_723_5), (9., 9.)]),
        (Activation::Silu, &[(0., 0.), (3_f64.ln(), 0.75 * 3_f64.ln()), (-1000., 0.)]),
        // tanh(ln(1 + e)) is ((1 + e)^2 - 1) / ((1 + e)^2 + 1).
        (Activation::Mish, &[(0., 0.), (1., (e * e + 2. * e) / (e * e + 2. * e + 2.)), (-1000., 0.)]),
        (
            Activation::HardSigmoid { alpha: Activation::HARD_SIGMOID_ALPHA, beta: Activation::HARD_SIGMOID_BETA },
            &[(-3., 0.), (-4., 0.), (0., 0.5), (1.5, 0.75), (3., 1.), (9., 1.)],
        ),
        (Activation::HardSigmoid { alpha: 0.5, beta: 0.25 }, &[(-0.5, 0.), (-0.25, 0.125), (1., 0.75), (1.5, 1.)]),
        (Activation::HardSwish, &[(-3., 0.), (0., 0.), (1.5, 1.125), (-1.5, -0.375), (9., 9.)]),
        (Activation::HardTanh { min: -1., max: 1. }, &[(-3., -1.), (-0.5, -0.5), (1., 1.), (9., 1.)]),
        (Activation::HardTanh { min: 2., max: 2. }, &[(-3., 2.), (9., 2.)]),
        (Activation::Celu { alpha: 2. }, &[(-2., 2. / e - 2.), (0., 0.), (3., 3.), (-1000., -2.)]),
        (Activation::Threshold { threshold: 1., value: 20. }, &[(1., 20.), (1.5, 1.5), (-3., 20.)]),
        (Activation::LogSigmoid, &[(0., -2_f64.ln()), (3_f64.ln(), 0.75_f64.ln()), (-1000., -1000.), (1000., 0.)]),
        (Activation::HardShrink { lambda: 0.5 }, &[(-0.75, -0.75), (-0.5, 0.), (0.25, 0.), (0.5, 0.), (2., 2.)]),
        (Activation::SoftShrink { lambda: 0.5 }, &[(-0.75, -0.25), (-0.5, 0.), (0.25, 0.), (0.5, 0.), (2., 1.5)]),
    ];
    for (activation, pairs) in cases {
        for (x, expected) in *pairs {
            assert_close(&[activate(*activation, *x)], &[*expected], &format!("{activation:?} of {x}"));
        }
    }
    check(
        Op::Activation(Activation::Relu),
        (map(2, 1, 2), &[-1., 2., -3., 4.]),
        &[],
        (map(2, 1, 2), &[0., 2., 0., 4.]),
    );
}

#[test]
fn maxima_have_every_nan() {
    let pool = Pool {
        kernel: Size::square(2),
        stride: Size::square(2),
        pad: Padding::NONE,
        dilation: ONE,
        ceil: false,
        count_include_pad: true,
    };
    for at in 0..4 {
        let mut data = [1.0, 2.0, 3.0, 4.0];
        data[at] = f32::NAN;
        for op in [Op::MaxPool(pool), Op::GlobalMaxPool] {
            assert!(apply(op, (map(1, 2, 2), &data), &[], map(1, 1, 1))[0].is_nan(), "{op:?}, NaN at {at}");
        }
    }
    assert!(activate(Activation::Relu, f64::NAN).is_nan() && activate(Activation::Relu6, f64::NAN).is_nan());
}

//! Gradients of convolutions, over minibatches.

use cnn_net::op::{Conv, Padding, Size};
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::conv::Conv2d;
use cnn_runtime::kernels::gradient::conv::{
    ConvInputGradient, ConvWeightGradient, conv_input_gradient, conv_weight_gradient,
};
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::Batch;
use cnn_runtime::reference::gradient;

use super::{assert_near, same_bits, tensor};
use crate::elementwise::each_case;
use crate::support::{Arena, Expected, Rng, check, indices, on_pools};

/// A layer and the workspaces of a minibatch.
struct Case {
    conv: Conv,
    input: Map,
    upstream: Map,
    batch: Batch,
    ws: Vec<f32>,
}

/// A convolution, and the sizes of its input and of its output.
fn conv(rng: &mut Rng) -> (Conv, usize, [Size; 2]) {
    let few =
        [[1, 1, 6], [1, 3, 17], [1, 16, 8], [1, 9, 33], [2, 5, 3], [3, 16, 2], [4, 1, 1], [1, 33, 13], [2, 20, 5]];
    // Channels that are packed, or planes, and pixels of several blocks.
    let many = rng.below(6) == 0;
    let large = [[1, 40, 7], [2, 17, 3], [1, 24, 1], [1, 1, 6], [1, 1, 3]];
    let [groups, inputs, outputs] = if many { rng.pick(&large) } else { rng.pick(&few) };
    let mut size = |most: usize| Size::new(1 + rng.below(most), 1 + rng.below(most));
    let [kernel, stride, dilation, output] = [size(4), size(3), size(2), size(if many { 40 } else { 6 })];
    let pad = rng.padding(2);
    let conv = Conv::new(groups * outputs, kernel).stride(stride).dilation(dilation).groups(groups).pad(pad);
    let input = |count: usize, stride: usize, taps: usize, dilation: usize, pad: usize| {
        ((count - 1) * stride + (taps - 1) * dilation + 1).saturating_sub(pad).max(1)
    };
    let height = input(output.height, stride.height, kernel.height, dilation.height, pad.top + pad.bottom);
    let width = input(output.width, stride.width, kernel.width, dilation.width, pad.left + pad.right);
    // What is left over is in no window.
    let size = Size::new(height + rng.below(stride.height), width + rng.below(stride.width));
    let [vertical, horizontal] = conv.window().axes(size).map(|axis| axis.output());
    match (vertical, horizontal) {
        (Some(height), Some(width)) => (conv, groups * inputs, [size, Size::new(height, width)]),
        _ => self::conv(rng),
    }
}

impl Case {
    fn new(rng: &mut Rng) -> Self {
        let mut arena = Arena::default();
        let (conv, channels, [size, output]) = conv(rng);
        let halo = Conv2d::halo(&conv, size, output);
        let input = arena.map(rng, [size.height, size.width, channels], halo);
        let upstream = arena.map(rng, [output.height, output.width, conv.filters], Padding::NONE);
        arena.close();
        let batch = Batch { images: rng.pick(&[1, 2, 3, 7]), floats: arena.ws.len() + rng.below(9) };
        let mut ws = Vec::new();
        for image in 0..batch.images {
            ws.extend_from_slice(&arena.ws);
            ws.resize((image + 1) * batch.floats, f32::NAN);
            for at in indices(&input).into_iter().chain(indices(&upstream)) {
                ws[image * batch.floats + at] = rng.float();
            }
        }
        Self { conv, input, upstream, batch, ws }
    }

    /// The gradients of weights, in the order of the kernel, and of the bias, by the reference.
    fn expected(&self) -> (Vec<f64>, Vec<f64>) {
        let Conv { filters, kernel, groups, .. } = self.conv;
        let inputs = self.input.channels / groups;
        let zeros = vec![0.0_f32; filters * inputs * kernel.area()];
        let (mut weight, mut bias) = (vec![0.0; zeros.len()], vec![0.0; filters]);
        for ws in self.ws.chunks(self.batch.floats) {
            let (input, upstream) = (tensor(&self.input, ws), tensor(&self.upstream, ws));
            let found = gradient::conv(&self.conv, &input, &zeros, &upstream);
            for (at, gradient) in found.weight.iter().enumerate() {
                let (filter, tap) = (at / kernel.area() / inputs, at % kernel.area());
                weight[(filter * kernel.area() + tap) * inputs + at / kernel.area() % inputs] += gradient;
            }
            bias.iter_mut().zip(&found.bias).for_each(|(sum, gradient)| *sum += gradient);
        }
        (weight, bias)
    }
}

#[test]
fn weights() {
    each_case(90, 300, |isa, rng| {
        let mut case = Case::new(rng);
        let (expected, expected_bias) = case.expected();
        let Conv { kernel, stride, pad, dilation, groups, .. } = case.conv;
        let bias = rng.pick(&[None, Some(1), Some(4 + expected.len())]);
        let weight = if bias == Some(1) { 4 + expected_bias.len() } else { 2 };
        let layer = ConvWeightGradient {
            stride,
            pad_top: pad.top,
            pad_left: pad.left,
            dilation,
            groups,
            weight,
            bias,
            ..ConvWeightGradient::new(case.input, case.upstream, kernel)
        };
        let what = format!("{} {layer:?} {:?}", isa.name(), case.batch);
        let before = case.ws.clone();
        let mut run = |run: Run<'_>| {
            // Other gradients lie around these.
            let mut gradients = vec![f32::NAN; expected.len() + expected_bias.len() + 8];
            conv_weight_gradient(run, &layer.check(), case.batch, &mut case.ws, &mut gradients);
            gradients
        };
        let found = run(isa.into());
        on_pools(isa, |pool| assert!(same_bits(&run(pool), &found), "{what}: other bits on {pool:?}"));
        assert!(same_bits(&case.ws, &before), "{what}: changed the workspace");
        let written = expected.len() + bias.map_or(0, |_| expected_bias.len());
        assert_eq!(found.iter().filter(|x| !x.is_nan()).count(), written, "{what}");
        let terms = case.batch.images * case.upstream.pixels();
        for (at, expected) in expected.iter().enumerate() {
            assert_near(&what, found[weight + at], *expected, terms);
        }
        for (at, expected) in expected_bias.iter().enumerate().filter(|_| bias.is_some()) {
            assert_near(&what, found[bias.unwrap_or_default() + at], *expected, terms);
        }
    });
}

#[test]
fn inputs() {
    each_case(91, 200, |isa, rng| {
        let [channels, filters] = rng.pick(&[[1, 1], [6, 16], [3, 5], [9, 2], [17, 33], [8, 1]]);
        let [kernel, stride, output, rest] =
            [5, 3, 6, 3].map(|most| Size::new(1 + rng.below(most), 1 + rng.below(most)));
        // What is left over is in no window.
        let extent = |outputs: usize, stride: usize, taps: usize, rest: usize| (outputs - 1) * stride + taps + rest - 1;
        let height = extent(output.height, stride.height, kernel.height, rest.height.min(stride.height));
        let width = extent(output.width, stride.width, kernel.width, rest.width.min(stride.width));
        let conv = Conv::new(filters, kernel).stride(stride);
        let mut arena = Arena::default();
        let gradient_map = arena.slice([height, width, channels], rng.padding(1), 0, 0);
        let upstream = arena.map(rng, [output.height, output.width, filters], Padding::NONE);
        arena.fill(&upstream, || rng.float());
        arena.close();
        let weights = rng.floats(filters * channels * kernel.area());
        let (area, first) = (kernel.area(), 3);
        let shared = (0..first + weights.len()).map(|at| {
            let Some(at) = at.checked_sub(first) else { return f32::NAN };
            let (filter, tap) = (at / channels / area, at / channels % area);
            weights[(filter * channels + at % channels) * area + tap]
        });
        let shared: Vec<f32> = shared.collect();
        let input = tensor(&Map::dense(0, height, width, channels), &vec![0.0; height * width * channels]);
        let found = gradient::conv(&conv, &input, &weights, &tensor(&upstream, &arena.ws));
        let layer = ConvInputGradient::new(upstream, gradient_map, kernel).stride(stride).weights(first);
        let what = format!("{} {layer:?}", isa.name());
        let compute = |run: Run<'_>, ws: &mut [f32]| conv_input_gradient(run, &layer.check(), &shared, ws);
        check(isa, &what, &arena, &gradient_map, compute, |y, x, c| Expected {
            value: found.inputs[0].at(c, y, x),
            tolerance: 1e-6 * (filters * area) as f64,
        });
    });
}

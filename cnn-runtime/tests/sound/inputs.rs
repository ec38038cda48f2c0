//! Kernels of the gradients of layers' inputs.

use cnn_net::op::{Edge, Lrn, LrnWindow, Norm, Over, Pad, PreluPer};
use cnn_runtime::kernels::gradient::channels::{ChannelsGradient, channels_gradient};
use cnn_runtime::kernels::gradient::depthwise::{DepthwiseGradient, depthwise_gradient};
use cnn_runtime::kernels::gradient::gates::{GluGradient, PreluGradient, glu_gradient, prelu_gradient};
use cnn_runtime::kernels::gradient::grn::{GrnGradient, grn_gradient};
use cnn_runtime::kernels::gradient::lrn::{LrnGradient, lrn_gradient};
use cnn_runtime::kernels::gradient::maxima::{
    AdaptiveMaxPoolGradient, ChannelMaxGradient, MaxPoolGradient, adaptive_max_pool_gradient, channel_max_gradient,
    max_pool_gradient,
};
use cnn_runtime::kernels::gradient::means::{
    AdaptiveAvgPoolGradient, AvgPoolGradient, ChannelMeanGradient, adaptive_avg_pool_gradient, avg_pool_gradient,
    channel_mean_gradient,
};
use cnn_runtime::kernels::gradient::merge::{
    MergeGradient, add_gradient, maximum_gradient, mul_gradient, sub_gradient,
};
use cnn_runtime::kernels::gradient::normalise::{NormaliseGradient, normalise_gradient};
use cnn_runtime::kernels::gradient::resize::{
    PadGradient, ResizeGradient, bicubic_gradient, bilinear_gradient, nearest_gradient, pad_gradient,
};
use cnn_runtime::kernels::gradient::softmax::{SoftmaxGradient, log_softmax_gradient, softmax_gradient};

use super::{Case, map};

/// Maps of these heights, widths and channels, one after another.
fn maps<const N: usize>(sizes: [[usize; 3]; N], tail: &[usize]) -> Vec<usize> {
    let mut offset = 0;
    let mut numbers = Vec::new();
    for [height, width, channels] in sizes {
        numbers.extend(map(offset, height, width, channels));
        offset += height * width * channels + 16;
    }
    numbers.extend(tail);
    numbers
}

const WHOLE: [usize; 3] = [6, 7, 17];

pub(super) fn cases() -> Vec<Case> {
    [elementwise(), normalisations(), moves(), pools()].concat()
}

fn elementwise() -> Vec<Case> {
    vec![
        ("prelu_gradient", maps([WHOLE; 3], &[1, 0]), |n, run, weights, ws| {
            let (input, upstream, output, weights_at) = (n.map(), n.map(), n.map(), n.next());
            let per = PreluPer::ALL[n.next() % 3];
            prelu_gradient(
                run,
                &PreluGradient { input, upstream, output, weights: weights_at, per }.check(),
                weights,
                ws,
            );
        }),
        ("glu_gradient", maps([[6, 7, 34], WHOLE, [6, 7, 34]], &[]), |n, run, _, ws| {
            glu_gradient(run, &GluGradient { input: n.map(), upstream: n.map(), output: n.map() }.check(), ws);
        }),
        ("softmax_gradient", maps([WHOLE; 3], &[]), |n, run, _, ws| {
            let layer = SoftmaxGradient { results: n.map(), upstream: n.map(), output: n.map() }.check();
            softmax_gradient(run, &layer, ws);
            log_softmax_gradient(run, &layer, ws);
        }),
        ("merge_gradient", maps([WHOLE, WHOLE, [1, 1, 17], WHOLE], &[1]), |n, run, _, ws| {
            let (upstream, a, b, output, index) = (n.map(), n.map(), n.map(), n.map(), n.next());
            let inputs = [a, b, output];
            let layer = MergeGradient { inputs: &inputs, index, upstream, output };
            mul_gradient(run, &layer.check(), ws);
            maximum_gradient(run, &layer.check(), ws);
        }),
        ("merge_gradient of a pixel", maps([WHOLE, [6, 7, 1], [1, 1, 17]], &[0]), |n, run, _, ws| {
            let (upstream, other, output, index) = (n.map(), n.map(), n.map(), n.next());
            let inputs = [output, other];
            let layer = MergeGradient { inputs: &inputs, index, upstream, output };
            maximum_gradient(run, &layer.check(), ws);
            sub_gradient(run, &layer.check(), ws);
        }),
        ("merge_gradient of a channel", maps([WHOLE, WHOLE, [6, 7, 1]], &[1]), |n, run, _, ws| {
            let (upstream, other, output, index) = (n.map(), n.map(), n.map(), n.next());
            let inputs = [other, output];
            let layer = MergeGradient { inputs: &inputs, index, upstream, output };
            mul_gradient(run, &layer.check(), ws);
            add_gradient(run, &layer.check(), ws);
        }),
    ]
}

fn normalisations() -> Vec<Case> {
    vec![
        ("lrn_gradient", maps([WHOLE; 3], &[5]), |n, run, _, ws| {
            let (input, upstream, output, size) = (n.map(), n.map(), n.map(), n.next());
            let window = LrnWindow::ALL[size % LrnWindow::ALL.len()];
            let lrn = Lrn { size, window, alpha: 1e-4, beta: 0.75, k: 2.0 };
            lrn_gradient(run, &LrnGradient { input, upstream, output, lrn }.check(), ws);
        }),
        ("grn_gradient", maps([[6, 7, 18]; 3], &[1, 2500]), |n, run, weights, ws| {
            let layer = GrnGradient::new(n.map(), n.map(), n.map(), 1e-6).weights(n.next()).scratch(n.next());
            grn_gradient(run, &layer.check(), weights, ws);
        }),
        ("normalise_gradient", maps([[6, 7, 18]; 3], &[1, 3]), |n, run, weights, ws| {
            let (input, upstream, output, weights_at, groups) = (n.map(), n.map(), n.map(), n.next(), n.next());
            for norm in [
                Norm::Layer { over: Over::Channels, eps: 1e-5, affine: true },
                Norm::Group { groups, eps: 1e-5, affine: true },
                Norm::L2 { over: Over::All, eps: 1e-5 },
                Norm::Rms { over: Over::All, eps: 1e-5, affine: true },
            ] {
                let layer = NormaliseGradient { input, upstream, output, norm, weights: weights_at };
                normalise_gradient(run, &layer.check(), weights, ws);
            }
        }),
    ]
}

fn moves() -> Vec<Case> {
    vec![
        ("channels_gradient", maps([[6, 7, 5], WHOLE], &[9]), |n, run, _, ws| {
            let layer = ChannelsGradient { upstream: n.map(), output: n.map(), first: n.next() };
            channels_gradient(run, &layer.check(), ws);
        }),
        ("pad_gradient", maps([[7, 8, 17], [4, 5, 17]], &[1, 2, 2, 1, 1]), |n, run, _, ws| {
            let (upstream, output, sides) = (n.map(), n.map(), n.padding());
            let mode = [Edge::Zero, Edge::Reflect, Edge::Replicate][n.next() % 3];
            pad_gradient(run, &PadGradient { upstream, output, pad: Pad::new(sides).mode(mode) }.check(), ws);
        }),
        ("resize_gradient", maps([[7, 5, 20], [3, 4, 20]], &[0]), |n, run, _, ws| {
            let layer = ResizeGradient { upstream: n.map(), output: n.map(), align_corners: n.next() == 1 }.check();
            nearest_gradient(run, &layer, ws);
            bilinear_gradient(run, &layer, ws);
            bicubic_gradient(run, &layer, ws);
        }),
        ("depthwise_gradient", maps([[5, 6, 20], [6, 7, 20]], &[3, 3, 1, 1, 1, 1, 1, 1, 3]), |n, run, weights, ws| {
            let (upstream, output) = (n.map(), n.map());
            let [kernel, stride, dilation] = [n.size(), n.size(), n.size()];
            let [pad_top, pad_left, weights_at] = [n.next(), n.next(), n.next()];
            let layer = DepthwiseGradient {
                upstream,
                output,
                kernel,
                stride,
                pad_top,
                pad_left,
                dilation,
                weights: weights_at,
            };
            depthwise_gradient(run, &layer.check(), weights, ws);
        }),
    ]
}

fn pools() -> Vec<Case> {
    let windows = [3, 3, 2, 2, 1, 1, 1, 1, 0, 0];
    vec![
        ("max_pool_gradient", maps([[6, 7, 12], [3, 3, 12], [6, 7, 12]], &windows), |n, run, _, ws| {
            let (input, upstream, output) = (n.map(), n.map(), n.map());
            let [kernel, stride, dilation] = [n.size(), n.size(), n.size()];
            let layer = MaxPoolGradient { input, upstream, output, kernel, stride, pad: n.padding(), dilation };
            max_pool_gradient(run, &layer.check(), ws);
        }),
        ("avg_pool_gradient", maps([[3, 3, 12], [6, 7, 12]], &windows), |n, run, _, ws| {
            let (upstream, output) = (n.map(), n.map());
            let [kernel, stride, dilation] = [n.size(), n.size(), n.size()];
            let (pad, count_include_pad) = (n.padding(), true);
            let layer = AvgPoolGradient { upstream, output, kernel, stride, pad, dilation, count_include_pad };
            avg_pool_gradient(run, &layer.check(), ws);
        }),
        ("avg_pool_gradient of tiles", maps([[3, 4, 12], [6, 7, 12]], &[2, 2, 2, 2, 1, 1]), |n, run, _, ws| {
            let (upstream, output) = (n.map(), n.map());
            let [kernel, stride, dilation] = [n.size(), n.size(), n.size()];
            let layer = AvgPoolGradient { dilation, ..AvgPoolGradient::new(upstream, output, kernel, stride) };
            avg_pool_gradient(run, &layer.check(), ws);
        }),
        ("adaptive_pool_gradient", maps([[7, 5, 20], [3, 4, 20], [7, 5, 20]], &[]), |n, run, _, ws| {
            let (input, upstream, output) = (n.map(), n.map(), n.map());
            adaptive_max_pool_gradient(run, &AdaptiveMaxPoolGradient { input, upstream, output }.check(), ws);
            adaptive_avg_pool_gradient(run, &AdaptiveAvgPoolGradient { upstream, output }.check(), ws);
        }),
        ("channel_pool_gradient", maps([[6, 7, 20], [6, 7, 1], [6, 7, 20]], &[]), |n, run, _, ws| {
            let (input, upstream, output) = (n.map(), n.map(), n.map());
            channel_max_gradient(run, &ChannelMaxGradient { input, upstream, output }.check(), ws);
            channel_mean_gradient(run, &ChannelMeanGradient { upstream, output }.check(), ws);
        }),
    ]
}

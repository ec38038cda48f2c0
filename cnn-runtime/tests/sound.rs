//! Whatever numbers a descriptor has, it is refused with a panic, or its kernel stays inside of the workspace.
//!
//! Workspace and weights end or begin at a page that can't be touched: whatever a kernel reads or writes outside of them kills
//! this process.

#![cfg(unix)]
#![cfg_attr(panic = "abort", allow(dead_code, unused_imports, reason = "refusals can't be caught"))]

#[path = "sound/inputs.rs"]
mod inputs;
#[path = "support/random.rs"]
mod random;

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;
use std::sync::Once;

use cnn_net::op::{
    Activation, BatchNorm, Edge, Lrn, LrnWindow, Norm, Over, Pad, Padding, PreluPer, Shape, Size, UserFunction,
    UserLayer, UserTensor,
};
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::exec::run::{Run, Threads};
use cnn_runtime::exec::threads::Pool;
use cnn_runtime::kernels::activation::{Activate, PreluMap, activate, prelu};
use cnn_runtime::kernels::conv::{Conv2d, conv2d, conv2d_batch, depthwise2d};
use cnn_runtime::kernels::conv_transpose::{ConvTranspose2d, conv_transpose2d};
use cnn_runtime::kernels::dense::{Dense, dense, dense_f16, dense_nonzero, dense_nonzero_batch, dense_nonzero_f16};
use cnn_runtime::kernels::dropout::{DropoutMap, MaskOf, dropout};
use cnn_runtime::kernels::glu::{Gate, glu};
use cnn_runtime::kernels::gradient::activation::{ActivateGradient, activate_gradient};
use cnn_runtime::kernels::gradient::batch_norm::{
    BatchNormGradient, BatchNormInputGradient, batch_norm_gradient, batch_norm_input_gradient,
};
use cnn_runtime::kernels::gradient::bias::{BiasGradient, bias_gradient};
use cnn_runtime::kernels::gradient::conv::{
    ConvInputGradient, ConvWeightGradient, conv_input_gradient, conv_weight_gradient,
};
use cnn_runtime::kernels::gradient::dense::{
    DenseInputGradient, DenseWeightGradient, dense_input_gradient, dense_weight_gradient,
};
use cnn_runtime::kernels::gradient::gains::{NormaliseWeightGradient, normalise_weight_gradient};
use cnn_runtime::kernels::gradient::grn::{GrnWeightGradient, grn_weight_gradient};
use cnn_runtime::kernels::gradient::loss::{
    CrossEntropy, NumbersLoss, binary_cross_entropy, cross_entropy, mean_squared,
};
use cnn_runtime::kernels::gradient::parameters::{
    PreluWeightGradient, ScaleWeightGradient, prelu_weight_gradient, scale_weight_gradient,
};
use cnn_runtime::kernels::gradient::user::{CustomGradient, MapGradient, custom_gradient, map_gradient};
use cnn_runtime::kernels::grn::{GrnMap, grn};
use cnn_runtime::kernels::layout::{CopyMap, Halo, StoreChw, clear_halo, copy, load_chw, store_chw};
use cnn_runtime::kernels::merge::{Merge, add, maximum, mul, sub};
use cnn_runtime::kernels::minibatch::batch_norm::{
    BatchNormRunning, BatchNormStatistics, NormTensors, batch_norm_running, batch_norm_statistics,
};
use cnn_runtime::kernels::minibatch::order::{Accumulate, Reorder, accumulate, reorder};
use cnn_runtime::kernels::minibatch::pack::{PackStep, pack_step};
use cnn_runtime::kernels::norm::{LrnMap, ScaleShift, lrn, scale_shift};
use cnn_runtime::kernels::normalise::{Normalise, normalise};
use cnn_runtime::kernels::pad::{PadMap, pad};
use cnn_runtime::kernels::pool::{
    AdaptivePool, ChannelPool, adaptive_avg_pool, adaptive_max_pool, channel_max, channel_mean,
};
use cnn_runtime::kernels::pool::{GlobalPool, Pool2d, avg_pool, global_avg_pool, global_max_pool, max_pool};
use cnn_runtime::kernels::reshape::{ReshapeMap, reshape};
use cnn_runtime::kernels::resize::{ResizeMap, bicubic, bilinear, nearest};
use cnn_runtime::kernels::shuffle::{
    ChannelShuffleMap, PixelShuffleMap, PixelUnshuffleMap, channel_shuffle, pixel_shuffle, pixel_unshuffle,
};
use cnn_runtime::kernels::softmax::{SoftmaxMap, log_softmax, softmax};
use cnn_runtime::kernels::strips::{Columns2d, Planar2d, Pooling, columns2d, planar2d};
use cnn_runtime::kernels::user::{CustomMap, MapEach, custom, map_each};
use cnn_runtime::kernels::winograd::{Winograd2d, winograd2d, winograd2d_batch};
use cnn_runtime::pack::{ConvPanels, DenseRows, Layout, TransposedPanels, WinogradPanels};
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::Batch;
use random::Rng;

/// Floats of a page.
const PAGE: usize = 4096 / size_of::<f32>();

/// Floats between two pages that can't be touched.
struct Guarded {
    start: *mut f32,
    pages: usize,
}

impl Guarded {
    fn new(pages: usize) -> Self {
        let bytes = (pages + 2) * 4096;
        let (read, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANON);
        // SAFETY: a new mapping, of which the first and the last page are protected.
        let start = unsafe {
            let base = libc::mmap(std::ptr::null_mut(), bytes, read, flags, -1, 0);
            assert!(base != libc::MAP_FAILED, "no memory");
            assert!(libc::mprotect(base, 4096, libc::PROT_NONE) == 0);
            assert!(libc::mprotect(base.byte_add(bytes - 4096), 4096, libc::PROT_NONE) == 0);
            base.byte_add(4096).cast::<f32>()
        };
        Self { start, pages }
    }

    /// The last `len` floats, or the first.
    fn floats(&mut self, len: usize, last: bool) -> &mut [f32] {
        assert!(len <= self.pages * PAGE);
        let before = if last { self.pages * PAGE - len } else { 0 };
        // SAFETY: they are in the mapping, and borrowed from it.
        unsafe { slice::from_raw_parts_mut(self.start.add(before), len) }
    }
}

impl Rng {
    /// A number that has nothing to do with the others, or is near to what it should be.
    fn wild(&mut self, number: usize) -> usize {
        let top = usize::BITS - 1;
        match self.below(10) {
            0 => 0,
            1 => number.wrapping_add(1),
            2 => number.wrapping_sub(1),
            3 => number.wrapping_mul(2),
            4 => number / 2,
            5 => self.below(40),
            6 => self.below(6000),
            7 => (1_usize << self.below(top as usize + 1)).wrapping_add(self.below(2)),
            8 => (usize::MAX / (1 + self.below(40))).wrapping_add(self.below(2)),
            _ => number.wrapping_add(1 << (top - self.below(8) as u32)),
        }
    }
}

/// Numbers that are taken one after another.
struct Numbers<'a>(slice::Iter<'a, usize>);

impl Numbers<'_> {
    fn next(&mut self) -> usize {
        self.0.next().copied().unwrap_or(1)
    }

    fn map(&mut self) -> Map {
        let mut next = || self.next();
        Map { offset: next(), height: next(), width: next(), channels: next(), row: next(), pixel: next() }
    }

    fn size(&mut self) -> Size {
        Size::new(self.next(), self.next())
    }

    fn padding(&mut self) -> Padding {
        Padding { top: self.next(), left: self.next(), bottom: self.next(), right: self.next() }
    }

    fn conv(&mut self) -> Conv2d {
        let (input, output) = (self.map(), self.map());
        let [kernel, stride, dilation] = [self.size(), self.size(), self.size()];
        let [pad_top, pad_left, groups, weights] = [self.next(), self.next(), self.next(), self.next()];
        let activation = self.activation();
        let residual = match self.next() {
            0 => None,
            1 => Some(output),
            _ => Some(self.map()),
        };
        Conv2d {
            input,
            output,
            kernel,
            stride,
            pad_top,
            pad_left,
            dilation,
            groups,
            weights,
            residual,
            activation: activation.into(),
        }
    }

    fn dense(&mut self) -> Dense {
        let (input, output, weights, activation) = (self.map(), self.map(), self.next(), self.activation());
        Dense { input, output, weights, residual: (self.next() > 0).then_some(output), activation: activation.into() }
    }

    fn activation(&mut self) -> Activation {
        match self.next() % 3 {
            0 => Activation::Relu,
            1 => Activation::Silu,
            _ => Activation::Identity,
        }
    }

    fn pooling(&mut self) -> Option<Pooling> {
        match self.next() {
            0 => None,
            1 => Some(Pooling::Max),
            _ => Some(Pooling::Average),
        }
    }
}

/// A map of a number of rows, columns and channels, without halo.
fn map(offset: usize, height: usize, width: usize, channels: usize) -> [usize; 6] {
    [offset, height, width, channels, width * channels, channels]
}

/// Numbers of a convolution of 5 rows and 20 columns into as many, with zeros around.
fn conv(inputs: usize, outputs: usize, [height, width]: [usize; 2], halo: [usize; 4], tail: &[usize]) -> Vec<usize> {
    let row = (halo[1] + 20 + halo[3]) * inputs;
    let input = [halo[0] * row + halo[1] * inputs, 5, 20, inputs, row, inputs];
    let output = map((halo[0] + 5 + halo[2]) * row + 16, 5, 20, outputs);
    [&input[..], &output, &[height, width, 1, 1, 1, 1, halo[0], halo[1]], tail].concat()
}

type Try = fn(&mut Numbers<'_>, Run<'_>, &[f32], &mut [f32]);

/// A kernel, and numbers that it takes.
type Case = (&'static str, Vec<usize>, Try);

fn elementwise() -> Vec<Case> {
    let two = |channels: usize| [map(0, 6, 7, channels), map(6 * 7 * channels + 16, 6, 7, channels)].concat();
    vec![
        ("load_chw", map(5, 6, 18, 3).to_vec(), |n, run, _, ws| {
            let map = n.map().check();
            let len = map.get().elements();
            load_chw(run, &vec![0.5; len.min(10_000)], &map, ws);
        }),
        ("store_chw", [&map(0, 6, 7, 3)[..], &[200]].concat(), |n, run, _, ws| {
            store_chw(run, &StoreChw { map: n.map(), offset: n.next() }.check(), ws);
        }),
        ("clear_halo", [&[60, 3, 4, 5, 40, 5][..], &[1, 2, 1, 1]].concat(), |n, run, _, ws| {
            clear_halo(run, &Halo { map: n.map(), zeros: n.padding() }.check(), ws);
        }),
        ("copy", two(5), |n, run, _, ws| copy(run, &CopyMap { input: n.map(), output: n.map() }.check(), ws)),
        ("merge", [&two(5)[..], &map(500, 1, 1, 5), &[0]].concat(), |n, run, _, ws| {
            let (a, output, b, activation) = (n.map(), n.map(), n.map(), n.activation());
            mul(run, &Merge { inputs: &[a, b, output], output, activation: activation.into() }.check(), ws);
            add(run, &Merge { inputs: &[a, b], output, activation: activation.into() }.check(), ws);
        }),
        ("merge", [&two(5)[..], &map(500, 6, 7, 1), &[0]].concat(), |n, run, _, ws| {
            let (a, output, b, activation) = (n.map(), n.map(), n.map(), n.activation());
            sub(run, &Merge { inputs: &[a, b], output, activation: activation.into() }.check(), ws);
            maximum(run, &Merge { inputs: &[b, a, output], output, activation: activation.into() }.check(), ws);
        }),
        ("activate", [&two(17)[..], &[1]].concat(), |n, run, _, ws| {
            activate(run, &Activate { input: n.map(), output: n.map(), activation: n.activation().into() }.check(), ws);
        }),
        ("prelu", [&two(17)[..], &[1, 0]].concat(), |n, run, weights, ws| {
            let (input, output, weights_at) = (n.map(), n.map(), n.next());
            let per = PreluPer::ALL[n.next() % 3];
            prelu(run, &PreluMap { input, output, weights: weights_at, per }.check(), weights, ws);
        }),
        ("scale_shift", [&two(17)[..], &[1, 1]].concat(), |n, run, weights, ws| {
            let layer =
                ScaleShift { input: n.map(), output: n.map(), weights: n.next(), activation: n.activation().into() };
            scale_shift(run, &layer.check(), weights, ws);
        }),
    ]
}

fn by_user() -> Vec<Case> {
    let two = [map(0, 6, 7, 5), map(6 * 7 * 5 + 16, 6, 7, 5)].concat();
    vec![
        ("map_each", two.clone(), |n, run, _, ws| {
            let function = UserFunction::new("f").code(|values| values.fill(0.5));
            map_each(run, &MapEach { input: n.map(), output: n.map(), function }.check(), ws);
        }),
        ("map_gradient", [&two[..], &map(600, 6, 7, 5)].concat(), |n, run, _, ws| {
            let function = UserFunction::new("f").slope(|values| values.fill(0.5));
            let (input, upstream, output) = (n.map(), n.map(), n.map());
            map_gradient(run, &MapGradient { input, upstream, output, function }.check(), ws);
        }),
        ("custom_gradient", custom_gradient_numbers(), |n, run, weights, ws| {
            let (first, second, upstream, output) = (n.map(), n.map(), n.map(), n.map());
            let [tensors, scratch_at, scratch, inputs] = [n.next(), n.next(), n.next(), n.next()];
            let shape = Shape::map(upstream.channels, upstream.height, upstream.width);
            let layer = UserLayer::new("Layer", shape).inputs(inputs).scratch(scratch).tensors(TENSORS);
            let layer = layer.backward(|inputs, tensors, upstream, scratch, gradients| {
                scratch.fill(upstream.iter().sum());
                spread(inputs, tensors, scratch, gradients);
            });
            let maps = [first, second];
            let layer = CustomGradient::new(&maps, upstream, output, layer, tensors).scratch(scratch_at);
            custom_gradient(run, &layer.check(), weights, ws);
        }),
        ("custom", custom_numbers(), |n, run, weights, ws| {
            let (first, second, output) = (n.map(), n.map(), n.map());
            let [weights_at, scratch_at, scratch, inputs] = [n.next(), n.next(), n.next(), n.next()];
            let shape = Shape::map(output.channels, output.height, output.width);
            let layer = UserLayer::new("Layer", shape).inputs(inputs).scratch(scratch).tensors(TENSORS).code(spread);
            let maps = [first, second];
            custom(
                run,
                &CustomMap::new(&maps, output, layer).weights(weights_at).scratch(scratch_at).check(),
                weights,
                ws,
            );
        }),
    ]
}

/// Two inputs, an output after them, weights, and scratch memory after that.
fn custom_numbers() -> Vec<usize> {
    [&map(0, 6, 7, 5)[..], &map(230, 3, 1, 4), &map(300, 2, 3, 20), &[2, 500, 9, 2]].concat()
}

/// Two inputs, the gradient of the output, a vector of all gradients, tensors, and scratch memory after that.
fn custom_gradient_numbers() -> Vec<usize> {
    let maps = [map(0, 6, 7, 5), map(230, 3, 1, 4), map(300, 2, 3, 20), map(500, 1, 1, 6 * 7 * 5 + 3 * 4 + 4)];
    [&maps.concat()[..], &[2, 800, 9, 2]].concat()
}

const TENSORS: &[UserTensor] = &[UserTensor::new("weight", [4])];

/// Reads all that it is given, and writes wherever it may.
fn spread(inputs: &[f32], tensors: &[f32], scratch: &mut [f32], output: &mut [f32]) {
    let sum: f32 = inputs.iter().chain(tensors).chain(scratch.iter()).sum();
    scratch.fill(sum);
    output.fill(sum);
}

fn normalisations() -> Vec<Case> {
    let two = |channels: usize| [map(0, 6, 7, channels), map(6 * 7 * channels + 16, 6, 7, channels)].concat();
    vec![
        ("lrn", [&two(17)[..], &[5]].concat(), |n, run, _, ws| {
            let (input, output, size) = (n.map(), n.map(), n.next());
            let window = LrnWindow::ALL[size % LrnWindow::ALL.len()];
            let lrn_of = Lrn { size, window, alpha: 1e-4, beta: 0.75, k: 2.0 };
            lrn(run, &LrnMap { input, output, lrn: lrn_of }.check(), ws);
        }),
        ("normalise", [&two(18)[..], &[1, 3]].concat(), |n, run, weights, ws| {
            let (input, output, weights_at, groups) = (n.map(), n.map(), n.next(), n.next());
            for norm in [
                Norm::Layer { over: Over::Channels, eps: 1e-5, affine: true },
                Norm::Group { groups, eps: 1e-5, affine: true },
                Norm::L2 { over: Over::All, eps: 1e-5 },
                Norm::Rms { over: Over::All, eps: 1e-5, affine: true },
            ] {
                normalise(run, &Normalise { input, output, norm, weights: weights_at }.check(), weights, ws);
            }
        }),
        ("grn", [&two(18)[..], &[1, 2000]].concat(), |n, run, weights, ws| {
            let layer = GrnMap::new(n.map(), n.map(), 1e-6).weights(n.next()).scratch(n.next());
            grn(run, &layer.check(), weights, ws);
        }),
        ("glu", [map(0, 6, 7, 34), map(6 * 7 * 34 + 16, 6, 7, 17)].concat(), |n, run, _, ws| {
            glu(run, &Gate { input: n.map(), output: n.map() }.check(), ws);
        }),
        ("softmax", two(17), |n, run, _, ws| {
            let layer = SoftmaxMap { input: n.map(), output: n.map() }.check();
            softmax(run, &layer, ws);
            log_softmax(run, &layer, ws);
        }),
    ]
}

fn gradients() -> Vec<Case> {
    let maps = |count: usize| (0..count).flat_map(|at| map(at * (6 * 7 * 17 + 16), 6, 7, 17)).collect::<Vec<_>>();
    let dense = [&map(0, 2, 3, 4)[..], &map(48, 1, 1, 20)].concat();
    // With a halo of one pixel on each side, and filters of 3 x 3.
    let conv_of_6x7 = [&[9 * 6 + 6, 6, 7, 6, 9 * 6, 6][..], &map(500, 6, 7, 10), &[3, 3, 1, 1, 1, 1, 1, 1]].concat();
    vec![
        ("activate_gradient", [&maps(3)[..], &[1]].concat(), |n, run, _, ws| {
            let (input, upstream, output, activation) = (n.map(), n.map(), n.map(), n.activation().into());
            activate_gradient(run, &ActivateGradient { input, upstream, output, activation }.check(), ws);
        }),
        ("cross_entropy", [&maps(2)[..], &[2000, 5, 42]].concat(), |n, run, _, ws| {
            let (logits, output, loss, class, classes) = (n.map(), n.map(), n.next(), n.next(), n.next());
            let layer = CrossEntropy { logits, output, loss, weight: 0.5, smoothing: 0.1 };
            cross_entropy(run, &layer.check(), &vec![class as u32; classes.min(10_000)], ws);
        }),
        ("dense_weight_gradient", [&[2, 400, 900][..], &dense, &[3, 490]].concat(), |n, run, _, ws| {
            let (batch, cut) = (Batch { images: n.next(), floats: n.next() }, n.next());
            let (input, upstream, weight, bias) = (n.map(), n.map(), n.next(), n.next());
            let layer = DenseWeightGradient { input, upstream, weight, bias: (bias > 0).then_some(bias) };
            let (ws, gradients) = ws.split_at_mut(cut.min(ws.len()));
            dense_weight_gradient(run, &layer.check(), batch, ws, gradients);
        }),
        ("conv_weight_gradient", [&[2, 1200, 4000][..], &conv_of_6x7, &[3, 2, 700]].concat(), |n, run, _, ws| {
            let (batch, cut) = (Batch { images: n.next(), floats: n.next() }, n.next());
            let (input, upstream) = (n.map(), n.map());
            let [kernel, stride, dilation] = [n.size(), n.size(), n.size()];
            let [pad_top, pad_left, weight, groups, bias] = [n.next(), n.next(), n.next(), n.next(), n.next()];
            let bias = (bias > 0).then_some(bias);
            let layer = ConvWeightGradient {
                input,
                upstream,
                kernel,
                stride,
                pad_top,
                pad_left,
                dilation,
                groups,
                weight,
                bias,
            };
            let (ws, gradients) = ws.split_at_mut(cut.min(ws.len()));
            conv_weight_gradient(run, &layer.check(), batch, ws, gradients);
        }),
        (
            "conv_input_gradient",
            [&[800][..], &map(0, 6, 7, 10), &map(440, 8, 9, 3), &[3, 3, 1, 1, 9]].concat(),
            |n, run, _, ws| {
                let (cut, upstream, output) = (n.next(), n.map(), n.map());
                let layer = ConvInputGradient::new(upstream, output, n.size()).stride(n.size()).weights(n.next());
                let (ws, shared) = ws.split_at_mut(cut.min(ws.len()));
                conv_input_gradient(run, &layer.check(), shared, ws);
            },
        ),
        ("dense_input_gradient", [&[2, 400, 900][..], &dense, &[3]].concat(), |n, run, _, ws| {
            let (batch, cut) = (Batch { images: n.next(), floats: n.next() }, n.next());
            let (output, upstream, weights) = (n.map(), n.map(), n.next());
            let layer = DenseInputGradient { upstream, output, weights };
            let (ws, shared) = ws.split_at_mut(cut.min(ws.len()));
            dense_input_gradient(run, &layer.check(), batch, ws, shared);
        }),
    ]
}

/// Numbers of a batch, its workspaces' share of the floats, and of maps of 5 x 6 pixels and 10 channels.
fn images(maps: usize, tail: &[usize]) -> Vec<usize> {
    let maps = (0..maps).flat_map(|at| map(at * 300, 5, 6, 10));
    [2, 1300, 3000].into_iter().chain(maps).chain(tail.iter().copied()).collect()
}

fn minibatches() -> Vec<Case> {
    vec![
        ("batch_norm_statistics", images(1, &[3, 20, 35, 50, 100, 200, 1000]), |n, run, _, ws| {
            let (batch, cut, input) = (Batch { images: n.next(), floats: n.next() }, n.next(), n.map());
            let tensors = NormTensors::new(Some(n.next()), Some(n.next()), n.next(), n.next());
            let layer = BatchNormStatistics::new(input, BatchNorm::new(1e-5, 0.1), tensors, n.next(), n.next());
            let (ws, shared) = ws.split_at_mut(cut.min(ws.len()));
            batch_norm_statistics(run, &layer.scratch(n.next()).check(), batch, ws, shared);
        }),
        ("batch_norm_running", vec![10, 3, 20, 35, 50, 100, 200], |n, run, _, ws| {
            let (channels, tensors) = (n.next(), NormTensors::new(Some(n.next()), Some(n.next()), n.next(), n.next()));
            let layer = BatchNormRunning::new(channels, 1e-5, tensors, n.next()).gradient(Some(n.next()));
            batch_norm_running(run, &layer.check(), ws);
        }),
        ("batch_norm_gradient", images(3, &[3, 20, 100, 200, 220, 1000]), |n, run, _, ws| {
            let (batch, cut) = (Batch { images: n.next(), floats: n.next() }, n.next());
            let (input, upstream, relu) = (n.map(), n.map(), n.map());
            let layer = BatchNormGradient::new(input, upstream, Some(n.next()), n.next(), n.next()).relu(Some(relu));
            let layer = layer.weight_gradient(Some(n.next())).bias_gradient(Some(n.next())).scratch(n.next());
            let (ws, shared) = ws.split_at_mut(cut.min(ws.len()));
            batch_norm_gradient(run, &layer.check(), batch, ws, shared);
        }),
        ("batch_norm_input_gradient", images(3, &[3])[3..].to_vec(), |n, run, weights, ws| {
            let layer = BatchNormInputGradient::new(n.map(), n.map(), n.map()).weights(n.next());
            batch_norm_input_gradient(run, &layer.check(), weights, ws);
            batch_norm_input_gradient(run, &layer.relu(Some(layer.input)).check(), weights, ws);
        }),
        ("bias_gradient", images(1, &[3, 1000]), |n, run, _, ws| {
            let (batch, cut) = (Batch { images: n.next(), floats: n.next() }, n.next());
            let layer = BiasGradient::new(n.map(), n.next()).scratch(n.next());
            let (ws, shared) = ws.split_at_mut(cut.min(ws.len()));
            bias_gradient(run, &layer.check(), batch, ws, shared);
        }),
        ("dropout", images(2, &[])[3..].to_vec(), |n, run, _, ws| {
            let of = MaskOf { seed: 1, step: 2, image: 3 };
            dropout(run, &DropoutMap::new(n.map(), n.map(), 0.5, 4).check(), of, ws);
        }),
        ("numbers_loss", images(2, &[900, 300])[3..].to_vec(), |n, run, _, ws| {
            let layer = NumbersLoss::new(n.map(), n.map()).loss(n.next()).check();
            let targets = vec![0.5; n.next().min(10_000)];
            mean_squared(run, &layer, &targets, ws);
            binary_cross_entropy(run, &layer, &targets, ws);
        }),
    ]
}

fn parameters() -> Vec<Case> {
    vec![("parameter_gradients", images(2, &[3, 700, 1000, 0]), |n, run, _, ws| {
        let (batch, cut) = (Batch { images: n.next(), floats: n.next() }, n.next());
        let (input, upstream, weight, bias, scratch) = (n.map(), n.map(), n.next(), n.next(), n.next());
        let (ws, shared) = ws.split_at_mut(cut.min(ws.len()));
        let over = if n.next() == 0 { Over::Channels } else { Over::All };
        let norm = Norm::Layer { over, eps: 1e-5, affine: true };
        let layer = NormaliseWeightGradient::new(input, upstream, norm).weight(Some(weight)).bias(Some(bias));
        normalise_weight_gradient(run, &layer.scratch(scratch).check(), batch, ws, shared);
        let layer = GrnWeightGradient::new(input, upstream, 1e-6).weight(Some(weight)).bias(Some(bias));
        grn_weight_gradient(run, &layer.scratch(scratch).check(), batch, ws, shared);
        for (per, total) in [(PreluPer::Element, false), (PreluPer::Tensor, true)] {
            let layer = ScaleWeightGradient::new(input, upstream, weight).total(total).scratch(scratch);
            scale_weight_gradient(run, &layer.check(), batch, ws, shared);
            let layer = PreluWeightGradient::new(input, upstream, per, weight).scratch(scratch);
            prelu_weight_gradient(run, &layer.check(), batch, ws, shared);
        }
    })]
}

fn shared_floats() -> Vec<Case> {
    vec![
        ("reorder", vec![3, 400, 5, 9, 7], |n, run, _, ws| {
            let layer = Reorder::new(n.next(), n.next(), n.next(), n.next(), n.next());
            reorder(run, &layer.check(), ws);
            reorder(run, &layer.adds(true).check(), ws);
        }),
        ("accumulate", vec![3, 400, 300], |n, run, _, ws| {
            accumulate(run, &Accumulate::new(n.next(), n.next(), n.next()).check(), ws);
        }),
        ("pack_step", vec![2, 20, 5, 3, 3, 3000, 3, 2900], |n, run, _, ws| {
            let [groups, outputs, inputs] = [n.next(), n.next(), n.next()];
            let panels = ConvPanels { groups, outputs, inputs, kernel: n.size() };
            let step = PackStep::new(Layout::Conv(panels), n.next()).weight(Some(n.next())).bias(Some(n.next()));
            pack_step(run, &step.check(), ws);
            pack_step(run, &PackStep { layout: Layout::F16(panels), ..step }.check(), ws);
        }),
        ("pack_step", vec![2, 20, 5, 3, 4, 2, 3, 1, 2, 1, 0, 9000, 3, 8900], |n, run, _, ws| {
            let [groups, outputs, inputs] = [n.next(), n.next(), n.next()];
            let [kernel, stride, dilation, pad] = [n.size(), n.size(), n.size(), n.size()];
            let panels = TransposedPanels { groups, outputs, inputs, kernel, stride, dilation, pad };
            let step = PackStep::new(Layout::Transposed(panels), n.next());
            pack_step(run, &step.weight(Some(n.next())).bias(Some(n.next())).check(), ws);
        }),
        ("pack_step", vec![20, 5, 12, 5000, 3, 4900, 1, 3, 4, 1], |n, run, _, ws| {
            let [outputs, inputs, pixels] = [n.next(), n.next(), n.next()];
            let layout = Layout::Rows(DenseRows { outputs, inputs, pixels });
            let step = PackStep::new(layout, n.next()).weight(Some(n.next())).bias(Some(n.next()));
            pack_step(run, &step.check(), ws);
            let [groups, kernel, tile, stride] = [n.next(), n.next(), n.next(), n.next()];
            let tiles = WinogradPanels { groups, outputs, inputs, kernel, stride, tile };
            pack_step(run, &PackStep { layout: Layout::Winograd(tiles), ..step }.check(), ws);
        }),
    ]
}

fn moves() -> Vec<Case> {
    let pair = |input: [usize; 3], output: [usize; 3], tail: &[usize]| {
        let [height, width, channels] = input;
        let [rows, columns, outputs] = output;
        let first = map(0, height, width, channels);
        [&first[..], &map(height * width * channels + 16, rows, columns, outputs), tail].concat()
    };
    vec![
        ("pad", pair([4, 5, 17], [7, 8, 17], &[1, 2, 2, 1, 1]), |n, run, _, ws| {
            let (input, output, sides) = (n.map(), n.map(), n.padding());
            let mode = [Edge::Zero, Edge::Reflect, Edge::Replicate][n.next() % 3];
            pad(run, &PadMap { input, output, pad: Pad::new(sides).mode(mode) }.check(), ws);
        }),
        ("pixel_shuffle", pair([3, 4, 36], [6, 8, 9], &[2]), |n, run, _, ws| {
            pixel_shuffle(run, &PixelShuffleMap { input: n.map(), output: n.map(), factor: n.next() }.check(), ws);
        }),
        ("pixel_unshuffle", pair([6, 8, 9], [3, 4, 36], &[2]), |n, run, _, ws| {
            pixel_unshuffle(run, &PixelUnshuffleMap { input: n.map(), output: n.map(), factor: n.next() }.check(), ws);
        }),
        ("channel_shuffle", pair([3, 4, 20], [3, 4, 20], &[4]), |n, run, _, ws| {
            channel_shuffle(run, &ChannelShuffleMap { input: n.map(), output: n.map(), groups: n.next() }.check(), ws);
        }),
        ("reshape", pair([3, 4, 20], [2, 10, 12], &[]), |n, run, _, ws| {
            reshape(run, &ReshapeMap { input: n.map(), output: n.map() }.check(), ws);
        }),
        ("resize", pair([3, 4, 20], [7, 5, 20], &[0]), |n, run, _, ws| {
            let layer = ResizeMap { input: n.map(), output: n.map(), align_corners: n.next() == 1 }.check();
            nearest(run, &layer, ws);
            bilinear(run, &layer, ws);
            bicubic(run, &layer, ws);
        }),
    ]
}

fn reductions() -> Vec<Case> {
    let pixel = [&map(0, 6, 7, 20)[..], &map(900, 1, 1, 20)].concat();
    let pool = [&map(0, 6, 7, 12)[..], &map(600, 3, 3, 12), &[3, 3, 2, 2, 1, 1, 1, 1, 0, 0, 0]].concat();
    let vector = [&map(0, 2, 3, 4)[..], &map(48, 1, 1, 20), &[3, 1, 0]].concat();
    vec![
        ("global_pool", pixel, |n, run, _, ws| {
            let layer = GlobalPool { input: n.map(), output: n.map() }.check();
            global_max_pool(run, &layer, ws);
            global_avg_pool(run, &layer, ws);
        }),
        ("adaptive_pool", [&map(0, 7, 5, 20)[..], &map(800, 3, 4, 20)].concat(), |n, run, _, ws| {
            let layer = AdaptivePool { input: n.map(), output: n.map() }.check();
            adaptive_max_pool(run, &layer, ws);
            adaptive_avg_pool(run, &layer, ws);
        }),
        ("channel_pool", [&map(0, 6, 7, 20)[..], &map(900, 6, 7, 1)].concat(), |n, run, _, ws| {
            let layer = ChannelPool { input: n.map(), output: n.map() }.check();
            channel_max(run, &layer, ws);
            channel_mean(run, &layer, ws);
        }),
        ("pool", pool, |n, run, _, ws| {
            let (input, output) = (n.map(), n.map());
            let [kernel, stride, dilation] = [n.size(), n.size(), n.size()];
            let (pad, count_include_pad) = (n.padding(), true);
            let layer = Pool2d { input, output, kernel, stride, pad, dilation, count_include_pad }.check();
            max_pool(run, &layer, ws);
            avg_pool(run, &layer, ws);
        }),
        ("dense", vector.clone(), |n, run, weights, ws| dense(run, &n.dense().check(), weights, ws)),
        ("dense_f16", vector.clone(), |n, run, weights, ws| dense_f16(run, &n.dense().check(), weights, ws)),
        ("dense_nonzero", vector.clone(), |n, run, weights, ws| dense_nonzero(run, &n.dense().check(), weights, ws)),
        ("dense_nonzero_f16", vector.clone(), |n, run, weights, ws| {
            dense_nonzero_f16(run, &n.dense().check(), weights, ws);
        }),
        ("dense_nonzero_batch", [&[2, 400][..], &vector].concat(), |n, run, weights, ws| {
            let batch = Batch { images: n.next(), floats: n.next() };
            dense_nonzero_batch(run, &n.dense().check(), batch, weights, ws);
        }),
    ]
}

fn convolutions() -> Vec<Case> {
    vec![
        ("conv2d", conv(6, 10, [3, 5], [1, 2, 1, 2], &[2, 3, 1, 1]), |n, run, weights, ws| {
            conv2d(run, &n.conv().check(), weights, ws);
        }),
        (
            "conv2d_batch",
            [&[2, 2400][..], &conv(3, 9, [3, 3], [1; 4], &[1, 3, 1, 0])].concat(),
            |n, run, weights, ws| {
                let batch = Batch { images: n.next(), floats: n.next() };
                conv2d_batch(run, &n.conv().check(), batch, weights, ws);
            },
        ),
        ("depthwise2d", conv(20, 20, [3, 3], [1; 4], &[20, 3, 1, 0]), |n, run, weights, ws| {
            depthwise2d(run, &n.conv().check(), weights, ws);
        }),
        ("conv_transpose2d", transposed(6, 10, [4, 4], [2, 2, 1, 1, 1, 1, 1, 0, 3, 0]), conv_transpose),
        ("conv_transpose2d", transposed(6, 10, [3, 2], [3, 2, 2, 1, 0, 1, 2, 0, 1, 1]), conv_transpose),
        ("planar2d", [&[1, 0][..], &conv(1, 6, [5, 5], [2; 4], &[1, 3, 0, 0])].concat(), |n, run, weights, ws| {
            let (tile, pool, conv) = (n.next(), n.pooling(), n.conv());
            planar2d(run, &Planar2d { conv, tile, pool }.check(), weights, ws);
        }),
        (
            "planar2d",
            [&[4, 0][..], &conv(1, 6, [5, 5], [2, 2, 5, 2], &[1, 3, 0, 0])].concat(),
            |n, run, weights, ws| {
                let (tile, pool, conv) = (n.next(), n.pooling(), n.conv());
                planar2d(run, &Planar2d { conv, tile, pool }.check(), weights, ws);
            },
        ),
        (
            "columns2d",
            [&[0, 2500][..], &conv(3, 9, [5, 5], [2, 2, 2, 2], &[1, 3, 0, 0])].concat(),
            |n, run, weights, ws| {
                let (pool, scratch, conv) = (n.pooling(), n.next(), n.conv());
                columns2d(run, &Columns2d { conv, pool, scratch }.check(), weights, ws);
            },
        ),
        ("winograd2d", [&[4, 0, 6, 4000][..], &conv(5, 9, [3, 3], [1, 1, 4, 3], &[1, 3, 0, 1])].concat(), winograd),
        ("winograd2d", [&[2, 1, 6, 4000][..], &conv(5, 9, [3, 3], [1, 1, 6, 21], &[1, 3, 0, 0])].concat(), winograd),
        ("winograd2d", [&[6, 0, 3, 4000][..], &conv(5, 9, [3, 3], [1, 1, 2, 5], &[1, 3, 1, 1])].concat(), winograd),
        ("winograd2d", [&[4, 0, 3, 4000][..], &conv(5, 9, [5, 5], [2, 2, 5, 2], &[1, 3, 2, 0])].concat(), winograd),
        ("winograd2d", [&[5, 0, 3, 4000][..], &conv(5, 9, [4, 4], [1, 1, 2, 2], &[1, 3, 0, 0])].concat(), winograd),
    ]
}

/// Numbers of a transposed convolution of 5 rows and 6 columns, with room for its output.
fn transposed(inputs: usize, outputs: usize, [height, width]: [usize; 2], tail: [usize; 10]) -> Vec<usize> {
    let row = 10 * inputs;
    let input = [2 * row + 2 * inputs, 5, 6, inputs, row, inputs];
    let output = map(9 * row + 16, 10, 12, outputs);
    [&input[..], &output, &[height, width], &tail].concat()
}

fn conv_transpose(n: &mut Numbers<'_>, run: Run<'_>, weights: &[f32], ws: &mut [f32]) {
    let (input, output) = (n.map(), n.map());
    let [kernel, stride, dilation] = [n.size(), n.size(), n.size()];
    let [pad_top, pad_left, groups, weights_at] = [n.next(), n.next(), n.next(), n.next()];
    let activation = n.activation();
    let residual = (n.next() > 0).then_some(output);
    let layer = ConvTranspose2d {
        input,
        output,
        kernel,
        stride,
        pad_top,
        pad_left,
        dilation,
        groups,
        weights: weights_at,
        residual,
        activation: activation.into(),
    };
    conv_transpose2d(run, &layer.check(), weights, ws);
}

fn winograd(n: &mut Numbers<'_>, run: Run<'_>, weights: &[f32], ws: &mut [f32]) {
    let (tile, pool, block, scratch, conv) = (n.next(), n.next() == 1, n.next(), n.next(), n.conv());
    let layer = Winograd2d { conv, tile, pool, block, scratch, mixed: false }.check();
    winograd2d(run, &layer, weights, ws);
    winograd2d_batch(run, &layer, Batch::one(ws), weights, ws);
}

/// Instruction sets of this CPU, and pools of one thread and of three.
fn runs(pool: &Pool) -> Vec<Run<'_>> {
    Isa::all().flat_map(|isa| [Run::new(isa), Run::new(isa).on(Threads::of(pool))]).collect()
}

thread_local! {
    /// Whether this thread expects a panic.
    static QUIET: Cell<bool> = const { Cell::new(false) };
    /// The last expected panic with its location.
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Texts of panics that don't come from a check, as of arithmetic that overflows in a debug build.
const FAULTS: [&str; 3] = ["attempt to ", "out of range", "out of bounds"];

/// Whether it panics, which is not printed.
///
/// # Panics
///
/// If no check refuses it, but arithmetic or an index fails.
fn refused(run: impl FnOnce()) -> bool {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if QUIET.get() {
                PANIC.set(info.to_string());
            } else {
                hook(info);
            }
        }));
    });
    QUIET.set(true);
    let ended = catch_unwind(AssertUnwindSafe(run));
    QUIET.set(false);
    let (refused, text) = (ended.is_err(), PANIC.take());
    assert!(!FAULTS.iter().any(|fault| text.contains(fault)), "not refused, but failed: {text}");
    refused
}

const WORKSPACE: usize = 24_000;

/// All kernels.
fn families() -> Vec<Case> {
    [
        elementwise(),
        by_user(),
        normalisations(),
        gradients(),
        minibatches(),
        parameters(),
        shared_floats(),
        inputs::cases(),
        moves(),
        reductions(),
        convolutions(),
    ]
    .concat()
}

#[test]
#[cfg_attr(panic = "abort", ignore = "the panics of refusals can't be caught")]
fn kernels_stay_inside_of_the_workspace() {
    let (mut workspace, mut weights) = (Guarded::new(24), Guarded::new(8));
    let pool = Pool::new(3).with_least_work(1);
    let mut rng = Rng(0x5eed);
    for (name, numbers, kernel) in families() {
        let mut ran = 0;
        let without = (0..numbers.len()).map(|at| [&numbers[..at], &[0], &numbers[at + 1..]].concat());
        for changed in without {
            let (ws, weights) = (workspace.floats(WORKSPACE, true), weights.floats(7000, true));
            ws.fill(0.5);
            refused(|| kernel(&mut Numbers(changed.iter()), Run::best(), weights, ws));
        }
        for round in 0..4000 {
            let mut changed = numbers.clone();
            for _ in 0..round.min(rng.below(4)) {
                let at = rng.below(changed.len());
                changed[at] = rng.wild(changed[at]);
            }
            let (len, last) = (if round == 0 { WORKSPACE } else { rng.below(WORKSPACE) }, round % 2 == 0);
            let run = runs(&pool)[rng.below(2 * Isa::all().count())];
            let ws = workspace.floats(len, last);
            ws.fill(0.5);
            let weights = weights.floats(7000.min(len), last);
            let refused = refused(|| kernel(&mut Numbers(changed.iter()), run, weights, ws));
            assert!(round > 0 || !refused, "{name} refuses what it takes: {changed:?}");
            ran += usize::from(!refused);
        }
        assert!(ran > 50, "{name} ran {ran} times");
    }
}

/// Numbers that made kernels reach outside, each through another product or sum that wraps or does not move.
#[test]
#[cfg_attr(panic = "abort", ignore = "the panics of refusals can't be caught")]
fn numbers_that_wrap_are_refused() {
    let run = Run::best();
    let mut ws = vec![1.0; 1024];
    let (big, half) = (1 << (usize::BITS - 1), 1 << (usize::BITS - 4));
    let one = |offset, channels| Map::dense(offset, 1, 1, channels);
    let conv = Conv2d {
        input: Map::dense(0, 1, 2, 1),
        output: one(64, 8),
        kernel: Size::new(big, 2),
        stride: Size::square(1),
        pad_top: 0,
        pad_left: 0,
        dilation: Size::new(0, 1),
        groups: 1,
        weights: 0,
        residual: None,
        activation: Activation::Identity.into(),
    };
    assert!(refused(|| conv2d(run, &conv.check(), &[0.5; 64], &mut ws)), "taps that don't move");
    let pool = Pool2d {
        input: Map { row: 1, ..one(0, 16) },
        output: one(64, 16),
        kernel: Size::new(9, 1),
        stride: Size::square(1),
        pad: Padding::NONE,
        dilation: Size::new(half, 1),
        count_include_pad: false,
    };
    assert!(refused(|| max_pool(run, &pool.check(), &mut ws)), "a window larger than memory");
    let halo = Halo {
        map: Map { offset: 0, height: 1, width: 1, channels: 1, row: 16, pixel: 1 },
        zeros: Padding { bottom: half, ..Padding::NONE },
    };
    assert!(refused(|| clear_halo(run, &halo.check(), &mut ws)), "a halo larger than memory");
    let (input, output) = (Map::dense(0, 66, 66, 1), Map::dense(4400, 64, 64, 1));
    let conv = Conv2d { input: Map { height: 64, width: 64, ..input }, output, kernel: Size::square(3), ..conv };
    let conv = Conv2d { dilation: Size::square(1), ..conv };
    let layer = Winograd2d { conv, tile: 2, pool: false, block: half + 1, scratch: 8528, mixed: false };
    assert!(refused(|| winograd2d(run, &layer.check(), &[0.5; 288], &mut vec![1.0; 9552])), "a block that wraps");
}

/// Rows, pixels or parts that are one place would be written by several threads at once.
#[test]
#[cfg_attr(panic = "abort", ignore = "the panics of refusals can't be caught")]
fn outputs_that_threads_would_share_are_refused() {
    let rows = |offset, row| Map { offset, height: 64, width: 1, channels: 4, row, pixel: 4 };
    for row in 0..4 {
        let layer = Activate { input: rows(0, 4), output: rows(512, row), activation: Activation::Relu.into() };
        assert!(refused(|| _ = layer.check()), "rows {row} apart");
    }
    for start in [1, 4, 100, 255] {
        let layer = Activate { input: rows(0, 4), output: rows(start, 4), activation: Activation::Relu.into() };
        assert!(refused(|| _ = layer.check()), "an output that begins in the input, at {start}");
    }
    let conv = Conv2d {
        input: Map::dense(0, 8, 8, 16),
        output: Map::dense(0, 8, 8, 16),
        kernel: Size::square(1),
        stride: Size::square(1),
        pad_top: 0,
        pad_left: 0,
        dilation: Size::square(1),
        groups: 1,
        weights: 0,
        residual: None,
        activation: Activation::Identity.into(),
    };
    assert!(refused(|| _ = conv.check()), "a convolution in place");
    assert!(refused(|| _ = GlobalPool { input: conv.input, output: Map::vector(16, 16) }.check()));
    assert!(refused(|| _ = StoreChw { map: conv.input, offset: 1023 }.check()));
}

//! How long the kernels of a training step take, on one thread: `cargo run --release -p cnn-runtime --example training`.
//!
//! The gradient of a convolution's weights has as many multiplications as the convolution, whose time is the unit. What moves numbers is
//! compared with `memcpy` of as many. Each number is the least of several rounds, in which the two are measured in turns.

use std::hint::black_box;
use std::time::Instant;

use cnn_net::op::{BatchNorm, Size};
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::conv::{Conv2d, conv2d, depthwise2d};
use cnn_runtime::kernels::dropout::{DropoutMap, MaskOf, dropout};
use cnn_runtime::kernels::gradient::conv::{ConvWeightGradient, conv_weight_gradient};
use cnn_runtime::kernels::minibatch::batch_norm::{BatchNormStatistics, NormTensors, batch_norm_statistics};
use cnn_runtime::kernels::minibatch::order::{Reorder, reorder};
use cnn_runtime::kernels::minibatch::pack::{PackStep, pack_step};
use cnn_runtime::pack::{Affine, ConvPanels, DenseRows, DepthwiseTaps, Layout, TransposedPanels, padded};
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::{Batch, SLACK};

/// A convolution of a minibatch, with padding that keeps the size, apart from the stride.
struct Shape {
    name: &'static str,
    images: usize,
    /// Side of the input.
    side: usize,
    inputs: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
    groups: usize,
}

const fn shape(name: &'static str, images: usize, [side, inputs, outputs]: [usize; 3], kernel: usize) -> Shape {
    Shape { name, images, side, inputs, outputs, kernel, stride: 1, groups: 1 }
}

const SHAPES: [Shape; 13] = [
    shape("LeNet-5, 1->6, 5x5", 64, [28, 1, 6], 5),
    shape("LeNet-5, 6->16, 5x5", 64, [14, 6, 16], 5),
    shape("ResNet-20, 16->16, 3x3", 64, [32, 16, 16], 3),
    shape("ResNet-20, 32->32, 3x3", 64, [16, 32, 32], 3),
    shape("ResNet-20, 64->64, 3x3", 64, [8, 64, 64], 3),
    shape("ResNet-18, 64->64, 3x3", 8, [56, 64, 64], 3),
    shape("ResNet-18, 128->128, 3x3", 8, [28, 128, 128], 3),
    shape("ResNet-18, 256->256, 3x3", 8, [14, 256, 256], 3),
    shape("ResNet-18, 512->512, 3x3", 8, [7, 512, 512], 3),
    shape("pointwise, 256->64", 8, [56, 256, 64], 1),
    Shape { groups: 144, ..shape("depthwise, 144, 3x3", 8, [56, 144, 144], 3) },
    Shape { stride: 2, ..shape("stride 2, 64->128, 3x3", 8, [56, 64, 128], 3) },
    Shape { stride: 2, ..shape("stride 2, 3->64, 7x7", 8, [224, 3, 64], 7) },
];

/// The least times of two functions that are called in turns, in nanoseconds.
fn least(mut first: impl FnMut(), mut second: impl FnMut()) -> [f64; 2] {
    let mut times = [f64::INFINITY; 2];
    for _ in 0..12 {
        for (time, function) in times.iter_mut().zip([&mut first as &mut dyn FnMut(), &mut second]) {
            let start = Instant::now();
            function();
            *time = time.min(start.elapsed().as_nanos() as f64);
        }
    }
    times
}

/// Numbers that are neither zero nor large.
fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|i| (i * 7919 % 1009) as f32 / 1009.0 - 0.5).collect()
}

fn convolution(run: Run<'_>, shape: &Shape) {
    let Shape { name, images, side, inputs, outputs, stride, groups, .. } = *shape;
    let (kernel, pad) = (Size::square(shape.kernel), shape.kernel / 2);
    let row = (side + 2 * pad) * inputs;
    let input = Map::dense(pad * row + pad * inputs, side, side, inputs).with_strides(row, inputs);
    let out = (side + 2 * pad - shape.kernel) / stride + 1;
    let output = Map::dense((side + 2 * pad) * row + SLACK, out, out, outputs);
    let batch = Batch { images, floats: (output.end() + SLACK).next_multiple_of(16) };
    let layer = Conv2d::new(input, output, kernel).stride(Size::square(stride)).groups(groups);
    let layer = layer.pad_top(pad).pad_left(pad);
    let gradient = ConvWeightGradient::new(input, output, kernel).stride(Size::square(stride)).groups(groups);
    let gradient = gradient.pad_top(pad).pad_left(pad).check();

    let mut ws = [numbers(batch.images * batch.floats), numbers(batch.images * batch.floats)];
    let [forward, backward] = &mut ws;
    let depth = kernel.area() * inputs / groups;
    let mut gradients = vec![0.0; outputs * depth];
    let weight = |at: usize| (at * 7919 % 1009) as f32 / 1009.0 - 0.5;
    let is_depthwise = groups == inputs && groups > 1;
    let mut packed = vec![0.0; if is_depthwise { padded(inputs) * 10 } else { padded(outputs) * (depth + 1) * 2 }];
    if is_depthwise {
        let taps = DepthwiseTaps { channels: inputs, kernel };
        taps.pack(weight, |_| Affine::IDENTITY, &mut packed[..taps.len()]);
    } else {
        let panels = ConvPanels { groups, outputs: outputs / groups, inputs: inputs / groups, kernel };
        panels.pack(weight, |_| Affine::IDENTITY, &mut packed[..panels.len()]);
    }
    let layer = layer.check();
    let [forward, backward] = least(
        || {
            for ws in batch.split(forward) {
                if is_depthwise {
                    depthwise2d(run, &layer, &packed, ws);
                } else {
                    conv2d(run, &layer, &packed, ws);
                }
            }
        },
        || conv_weight_gradient(run, &gradient, batch, backward, &mut gradients),
    );
    let macs = (images * output.pixels() * outputs * depth) as f64;
    println!(
        "{name:<28} {:8.1} {:8.1} GMAC/s, {:5.2} times the convolution",
        macs / forward,
        macs / backward,
        backward / forward
    );
}

/// A function that moves `len` floats, next to `memcpy`.
fn moving(name: &str, len: usize, function: impl FnMut()) {
    let (from, mut to) = (numbers(len), vec![0.0; len]);
    let [copy, time] = least(|| black_box(&mut to).copy_from_slice(black_box(&from)), function);
    let [copy, time] = [copy, time].map(|time| time / len as f64);
    println!("{name:<28} {time:8.3} ns a float, memcpy {copy:.3}");
}

fn packing(run: Run<'_>, name: &str, layout: Layout) {
    let to = layout.tensor_len();
    let mut shared = numbers(to + layout.len());
    let step = PackStep::new(layout, to).weight(Some(0)).check();
    moving(name, layout.tensor_len(), || pack_step(run, &step, &mut shared));
}

fn moves(run: Run<'_>) {
    let (one, three) = (Size::square(1), Size::square(3));
    let conv = |outputs, inputs, kernel| Layout::Conv(ConvPanels { groups: 1, outputs, inputs, kernel });
    packing(run, "pack 64->64, 3x3", conv(64, 64, three));
    packing(run, "pack 512->512, 3x3", conv(512, 512, three));
    packing(run, "pack 256->64, 1x1", conv(64, 256, one));
    packing(run, "pack 2048->1000", conv(1000, 2048, one));
    packing(run, "pack 7x7x512->1000", conv(1000, 512, Size::square(7)));
    packing(run, "pack rows 4096->1000", Layout::Rows(DenseRows { outputs: 1000, inputs: 4096, pixels: 1 }));
    for (name, size, stride) in [("pack transposed 3x3, 512", 512, 1), ("pack transposed 3x3/2, 128", 128, 2)] {
        let (stride, pad) = (Size::square(stride), one);
        let (groups, outputs, inputs) = (1, size, size);
        let panels = TransposedPanels { groups, outputs, inputs, kernel: three, stride, dilation: one, pad };
        packing(run, name, Layout::Transposed(panels));
    }
    for (name, [rows, pixels, channels]) in [
        ("reorder 512x512x3x3", [512, 9, 512]),
        ("reorder 64x64x3x3", [64, 9, 64]),
        ("reorder 512x7x7", [1000, 49, 512]),
    ] {
        let len = rows * pixels * channels;
        let (mut shared, layer) = (numbers(2 * len), Reorder::new(0, len, rows, pixels, channels).check());
        moving(name, len, || reorder(run, &layer, &mut shared));
    }
}

/// What passes over activations.
fn passes(run: Run<'_>) {
    for (name, images, [side, channels]) in [
        ("statistics 32x32x16", 64, [32, 16]),
        ("statistics 56x56x64", 8, [56, 64]),
        ("statistics 7x7x512", 8, [7, 512]),
    ] {
        let input = Map::dense(0, side, side, channels);
        let scratch = input.end();
        let batch = Batch { images, floats: scratch + BatchNormStatistics::scratch_len(channels) };
        let (mut ws, mut shared) = (numbers(images * batch.floats), vec![0.5; 8 * padded(channels)]);
        let row = padded(channels);
        let tensors = NormTensors::new(Some(0), Some(row), 2 * row, 3 * row);
        let layer = BatchNormStatistics::new(input, BatchNorm::new(1e-5, 0.1), tensors, 4 * row, 6 * row);
        let layer = layer.scratch(scratch).check();
        moving(name, images * input.elements(), || batch_norm_statistics(run, &layer, batch, &mut ws, &mut shared));
    }
    let map = Map::dense(0, 32, 32, 64);
    let (layer, mut ws) = (DropoutMap::new(map, map, 0.5, 1).check(), numbers(map.elements()));
    let of = MaskOf { seed: 1, step: 2, image: 3 };
    moving("dropout", map.elements(), || dropout(run, &layer, of, &mut ws));
}

fn main() {
    let run = match Isa::from_env() {
        Ok(isa) => Run::new(isa),
        Err(why) => {
            eprintln!("error: {why}");
            std::process::exit(2);
        }
    };
    println!("{:<28} {:>8} {:>8}", format!("{run:?}").split(',').next().unwrap_or(""), "forward", "gradient");
    SHAPES.iter().for_each(|shape| convolution(run, shape));
    moves(run);
    passes(run);
}

//! The micro-kernel on layers of the real nets, against the sgemm of matrixmultiply on the same product.
//!
//! Throughput counts floating-point operations (two per multiplication with a weight), so `Gelem/s` reads as GFLOP/s.
//! matrixmultiply multiplies a matrix of windows gathered beforehand: **the time of im2col is not included**, which favours it
//! wherever the kernel is larger than 1x1. It packs both matrices at each call; our weights are packed once, when they are
//! loaded.
//!
//! Fully connected layers read weights that are in no cache, as in a net. `GiB/s` counts the stored weights, including those of
//! zero inputs, which are skipped.

use std::hint::black_box;
use std::time::Duration;

use cnn_net::op::{Activation, Conv, Padding, Size};
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::exec::run::{Run, Threads};
use cnn_runtime::exec::threads::Pool;
use cnn_runtime::kernels::activation::{Activate, activate};
use cnn_runtime::kernels::conv::{Conv2d, conv2d, depthwise2d};
use cnn_runtime::kernels::dense::{Dense, dense, dense_f16, dense_nonzero};
use cnn_runtime::kernels::strips::{Columns2d, columns2d};
use cnn_runtime::kernels::winograd::{Winograd2d, winograd2d};
use cnn_runtime::pack::{Affine, ConvPanels, DenseRows, DepthwiseTaps};
use cnn_runtime::place::bounds::Checked;
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::SLACK;
use criterion::{Criterion, Throughput, criterion_group};

/// A convolution.
struct Shape {
    name: &'static str,
    /// Side of the input.
    side: usize,
    inputs: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
    pad: usize,
}

/// One with padding that keeps the size, apart from the stride.
const fn shape(name: &'static str, [side, inputs, outputs]: [usize; 3], kernel: usize, stride: usize) -> Shape {
    Shape { name, side, inputs, outputs, kernel, stride, pad: kernel / 2 }
}

const SHAPES: [Shape; 16] = [
    Shape { pad: 0, ..shape("lenet5/14x14x6->16-5x5", [14, 6, 16], 5, 1) },
    shape("resnet50/224x224x3->64-7x7", [224, 3, 64], 7, 2),
    shape("resnet50/56x56x64->256-1x1", [56, 64, 256], 1, 1),
    shape("resnet50/56x56x256->64-1x1", [56, 256, 64], 1, 1),
    shape("resnet50/28x28x128->512-1x1", [28, 128, 512], 1, 1),
    shape("resnet50/28x28x512->128-1x1", [28, 512, 128], 1, 1),
    shape("resnet50/14x14x256->1024-1x1", [14, 256, 1024], 1, 1),
    shape("resnet50/14x14x1024->256-1x1", [14, 1024, 256], 1, 1),
    shape("resnet50/7x7x512->2048-1x1", [7, 512, 2048], 1, 1),
    shape("resnet50/7x7x2048->512-1x1", [7, 2048, 512], 1, 1),
    shape("resnet50/56x56x64-3x3", [56, 64, 64], 3, 1),
    shape("resnet50/28x28x128-3x3", [28, 128, 128], 3, 1),
    shape("resnet50/14x14x256-3x3", [14, 256, 256], 3, 1),
    shape("resnet50/7x7x512-3x3", [7, 512, 512], 3, 1),
    shape("vgg16/224x224x3->64-3x3", [224, 3, 64], 3, 1),
    shape("inception1/28x28x16->32-5x5", [28, 16, 32], 5, 1),
];

/// Numbers that are neither zero nor large.
fn numbers(count: usize) -> impl Iterator<Item = f32> {
    (0..count).map(|i| (i * 7919 % 1009) as f32 / 1009.0 - 0.5)
}

/// A shape with its data.
struct Setup {
    layer: Conv2d,
    /// In PyTorch's order: `[outputs, inputs, height, width]`.
    weight: Vec<f32>,
    packed: Vec<f32>,
    ws: Vec<f32>,
}

impl Setup {
    fn new(shape: &Shape) -> Self {
        let Shape { side, inputs, outputs, stride, pad, .. } = *shape;
        let kernel = Size::square(shape.kernel);
        let row = (side + 2 * pad) * inputs;
        let input =
            Map { offset: pad * row + pad * inputs, height: side, width: side, channels: inputs, row, pixel: inputs };
        let out = (side + 2 * pad - shape.kernel) / stride + 1;
        let output = Map::dense((side + 2 * pad) * row, out, out, outputs);
        let mut ws = vec![0.0; output.end() + SLACK];
        for y in 0..side {
            ws[input.offset + y * row..][..side * inputs].copy_from_slice(&numbers(side * inputs).collect::<Vec<_>>());
        }
        let panels = ConvPanels { groups: 1, outputs, inputs, kernel };
        let weight: Vec<f32> = numbers(outputs * panels.depth()).collect();
        let mut packed = vec![0.0; panels.len()];
        panels.pack(|at| weight[at], |_| Affine { scale: 1.0, shift: 0.0 }, &mut packed);
        let layer = Conv2d {
            input,
            output,
            kernel,
            stride: Size::square(stride),
            pad_top: pad,
            pad_left: pad,
            dilation: Size::square(1),
            groups: 1,
            weights: 0,
            residual: None,
            activation: Activation::Identity.into(),
        };
        Self { layer, weight, packed, ws }
    }

    /// m, k and n of the product.
    fn sizes(&self) -> (usize, usize, usize) {
        let Conv2d { input, output, kernel, .. } = self.layer;
        (output.pixels(), kernel.area() * input.channels, output.channels)
    }

    fn flops(&self) -> u64 {
        let (m, k, n) = self.sizes();
        2 * (m * k * n) as u64
    }

    /// The windows as rows of a matrix, in PyTorch's order of weights.
    fn windows(&self) -> Vec<f32> {
        let Conv2d { input, output, kernel, stride, pad_top, pad_left, .. } = self.layer;
        let start = input.offset - pad_top * input.row - pad_left * input.pixel;
        let mut rows = Vec::new();
        for pixel in 0..output.pixels() {
            let (y, x) = (pixel / output.width * stride.height, pixel % output.width * stride.width);
            for c in 0..input.channels {
                for tap in 0..kernel.area() {
                    let (row, column) = (y + tap / kernel.width, x + tap % kernel.width);
                    rows.push(self.ws[start + row * input.row + column * input.pixel + c]);
                }
            }
        }
        rows
    }

    fn assert_near(&self, product: &[f32]) {
        let ours = &self.ws[self.layer.output.offset..][..product.len()];
        // Two orders of adding k products of at most 1/4: a few rounding errors, far less than the effect of a wrong weight.
        let tolerance = self.sizes().1 as f32 * 1e-6;
        let near = ours.iter().zip(product).all(|(a, b)| (a - b).abs() <= tolerance);
        assert!(near, "the two products differ: {:?}", self.layer);
    }
}

/// `windows` times the weights.
fn sgemm((m, k, n): (usize, usize, usize), windows: &[f32], weight: &[f32], product: &mut [f32]) {
    assert!(windows.len() == m * k && weight.len() == k * n && product.len() == m * n);
    // SAFETY: the matrices have the sizes that their strides imply, as was just checked.
    unsafe {
        let (a, b, c) = (windows.as_ptr(), weight.as_ptr(), product.as_mut_ptr());
        matrixmultiply::sgemm(m, k, n, 1.0, a, k as isize, 1, b, 1, k as isize, 0.0, c, n as isize, 1);
    }
}

fn convolutions(criterion: &mut Criterion) {
    for shape in &SHAPES {
        let mut group = criterion.benchmark_group(shape.name);
        let mut setup = Setup::new(shape);
        group.throughput(Throughput::Elements(setup.flops()));
        for isa in Isa::all() {
            group.bench_function(isa.name(), |bencher| {
                let layer = setup.layer.check();
                bencher
                    .iter(|| conv2d(isa.into(), black_box(&layer), black_box(&setup.packed), black_box(&mut setup.ws)));
            });
        }
        let windows = setup.windows();
        let (m, k, n) = setup.sizes();
        let mut product = vec![0.0; m * n];
        group.bench_function("matrixmultiply", |bencher| {
            bencher.iter(|| sgemm((m, k, n), black_box(&windows), black_box(&setup.weight), black_box(&mut product)));
        });
        conv2d(Isa::best().into(), &setup.layer.check(), &setup.packed, &mut setup.ws);
        sgemm((m, k, n), &windows, &setup.weight, &mut product);
        setup.assert_near(&product);
    }
}

/// 5x5 over few channels, everything in the cache: side of the input, its channels, and those of the output.
const FEW_CHANNELS: [[usize; 3]; 6] = [[14, 6, 16], [14, 12, 24], [14, 16, 32], [12, 20, 50], [32, 3, 32], [32, 8, 16]];

/// The algorithms for them: direct, in tiles, along columns.
fn few_channels(criterion: &mut Criterion) {
    for [side, inputs, outputs] in FEW_CHANNELS {
        let size = Size::square(side - 4);
        let (kernel, one) = (Size::square(5), Size::square(1));
        let conv =
            Conv { filters: outputs, kernel, stride: one, pad: Padding::NONE, dilation: one, groups: 1, bias: false };
        let halo = cnn_runtime::kernels::winograd::halo(&conv, Size::square(side), size, 4);
        let columns_halo = Columns2d::halo(&conv, Size::square(side), size);
        let (right, bottom) = (halo.right.max(columns_halo.right), halo.bottom.max(columns_halo.bottom));
        let row = (side + right) * inputs;
        let input = Map::dense(0, side, side, inputs).with_strides(row, inputs);
        let output = Map::dense((side + bottom) * row + right * inputs, size.height, size.width, outputs);
        let layer = Conv2d::of(&conv, input, output);
        let scratch = output.end() + SLACK;
        let tiles = Winograd2d { conv: layer, tile: 4, pool: false, block: 64, scratch, mixed: false };
        let columns = Columns2d { conv: layer, pool: None, scratch };
        let mut ws = vec![0.0; scratch + tiles.scratch_len().max(columns.scratch_len()) + SLACK];
        ws[..output.offset].iter_mut().zip(numbers(output.offset)).for_each(|(slot, number)| *slot = number);
        let weight: Vec<f32> = numbers(outputs * inputs * 25).collect();
        let (weight, affine) = (|at: usize| weight[at], |_| Affine { scale: 1.0, shift: 0.0 });
        let panels = ConvPanels { groups: 1, outputs, inputs, kernel };
        let mut packed = [panels.len(), tiles.panels().len(), columns.panels().len()].map(|len| vec![0.0; len]);
        panels.pack(weight, affine, &mut packed[0]);
        tiles.panels().pack(weight, affine, &mut packed[1]);
        columns.panels().pack(weight, affine, &mut packed[2]);
        let (layer, tiles, columns) = (layer.check(), tiles.check(), columns.check());
        let mut group = criterion.benchmark_group(format!("5x5/{side}x{side}x{inputs}->{outputs}"));
        for isa in Isa::all() {
            let name = isa.name();
            group.bench_function(format!("direct-{name}"), |bencher| {
                bencher.iter(|| conv2d(isa.into(), black_box(&layer), &packed[0], &mut ws));
            });
            group.bench_function(format!("F(4, 5)-{name}"), |bencher| {
                bencher.iter(|| winograd2d(isa.into(), black_box(&tiles), &packed[1], &mut ws));
            });
            group.bench_function(format!("F(5x1, 5x5)-{name}"), |bencher| {
                bencher.iter(|| columns2d(isa.into(), black_box(&columns), &packed[2], &mut ws));
            });
        }
    }
}

/// Depthwise layers of MobileNet-v2 and EfficientNet-B0: side and channels of the output, side of the kernel, and stride. The
/// inputs of the first two are larger than L2.
const DEPTHWISE: [[usize; 4]; 7] = [
    [56, 96, 3, 2],
    [56, 144, 3, 1],
    [28, 192, 3, 1],
    [14, 384, 3, 1],
    [7, 960, 3, 1],
    [28, 240, 5, 1],
    [7, 672, 5, 2],
];

fn depthwise(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("depthwise");
    for [side, channels, kernel, stride] in DEPTHWISE {
        let size = Size::square(kernel);
        let conv = Conv {
            filters: channels,
            kernel: size,
            stride: Size::square(stride),
            pad: Padding::NONE,
            dilation: Size::square(1),
            groups: channels,
            bias: false,
        };
        // As large as the map and its halo.
        let from = (side - 1) * stride + kernel;
        let input = Map::dense(0, from, from, channels);
        let output = Map::dense(input.end(), side, side, channels);
        let layer = Conv2d { activation: Activation::Relu6.into(), ..Conv2d::of(&conv, input, output) }.check();
        let mut ws = vec![0.0; output.end() + SLACK];
        ws.iter_mut().zip(numbers(input.elements())).for_each(|(slot, number)| *slot = number);
        let taps = DepthwiseTaps { channels, kernel: size };
        let mut packed = vec![0.0; taps.len()];
        let weight: Vec<f32> = numbers(channels * kernel * kernel).collect();
        taps.pack(|at| weight[at], |_| Affine { scale: 1.0, shift: 0.0 }, &mut packed);
        group.throughput(Throughput::Elements(2 * (output.elements() * kernel * kernel) as u64));
        for isa in Isa::all() {
            let name = format!("{side}x{side}x{channels}-{kernel}x{kernel}-stride{stride}-{}", isa.name());
            group.bench_function(name, |bencher| {
                bencher.iter(|| depthwise2d(isa.into(), black_box(&layer), &packed, &mut ws));
            });
        }
    }
}

/// The cost of involving other threads: a kernel that does next to nothing, alone and in two shares.
fn regions(criterion: &mut Criterion) {
    let map = Map::dense(0, 2, 1, 16);
    let layer = Activate { input: map, output: map, activation: Activation::Relu.into() }.check();
    let mut ws = vec![0.5; map.end() + SLACK];
    let pool = Pool::new(2).with_least_work(1);
    let mut group = criterion.benchmark_group("region");
    for (name, threads) in [("alone", Threads::ALONE), ("2 threads", Threads::of(&pool))] {
        let run = Run::best().on(threads);
        group.bench_function(name, |bencher| bencher.iter(|| activate(run, black_box(&layer), &mut ws)));
    }
}

/// A fully connected layer.
struct Linear {
    name: &'static str,
    /// Height, width and channels of its input.
    input: [usize; 3],
    outputs: usize,
}

const LINEARS: [Linear; 3] = [
    Linear { name: "alexnet/fc6-9216->4096", input: [6, 6, 256], outputs: 4096 },
    Linear { name: "alexnet/fc7-4096->4096", input: [1, 1, 4096], outputs: 4096 },
    Linear { name: "resnet50/fc-2048->1000", input: [1, 1, 2048], outputs: 1000 },
];

/// Weights of at least this many bytes have left all caches when they are read again.
const COLD_BYTES: usize = 256 << 20;

type Kernel = fn(Run<'_>, &Checked<Dense>, &[f32], &mut [f32]);

/// Percentages of zero inputs.
const ZEROS: [usize; 4] = [0, 33, 50, 80];

/// The layer with weights in single and in half precision, and skipping zeros, on inputs with some zeros.
fn linear(criterion: &mut Criterion, linear: &Linear) {
    let Linear { name, input: [height, width, channels], outputs } = *linear;
    let input = Map::dense(0, height, width, channels);
    let output = Map::vector(input.end(), outputs);
    let layer = Dense { input, output, weights: 0, residual: None, activation: Activation::Relu.into() }.check();
    let panels = ConvPanels { groups: 1, outputs, inputs: channels, kernel: Size::new(height, width) };
    let rows = DenseRows { outputs, inputs: channels, pixels: height * width };
    let weight: Vec<f32> = numbers(outputs * panels.depth()).collect();
    let (weight, affine) = (|at: usize| weight[at], |_| Affine { scale: 1.0, shift: 0.0 });
    let (mut single, mut half) = (vec![0.0; panels.len()], vec![0.0; panels.f16_len()]);
    let mut nonzero = vec![0.0; rows.len()];
    panels.pack(weight, affine, &mut single);
    assert!(panels.pack_f16(weight, affine, &mut half), "small numbers");
    rows.pack(weight, affine, &mut nonzero);
    let mut group = criterion.benchmark_group(name);
    let mut results = Vec::new();
    let kernels = [("f32", single, dense as Kernel), ("f16", half, dense_f16), ("nonzero", nonzero, dense_nonzero)];
    for (kernel_name, packed, kernel) in kernels {
        let bytes = size_of_val(&packed[..]);
        group.throughput(Throughput::Bytes(bytes as u64));
        // The copies are consecutive, and are read in turn.
        let len = packed.len();
        let copies = packed.repeat(COLD_BYTES.div_ceil(bytes).max(2));
        for zeros in ZEROS {
            let mut ws = vec![0.0; output.end() + SLACK];
            for (at, (slot, number)) in ws.iter_mut().zip(numbers(input.elements())).enumerate() {
                // Zeros without a pattern.
                *slot = if at * 7901 % 1013 % 100 < zeros { 0.0 } else { number };
            }
            for isa in Isa::all() {
                let mut next = copies.chunks_exact(len).cycle();
                group.bench_function(format!("{kernel_name}-{}-{zeros}%", isa.name()), |bencher| {
                    bencher.iter(|| {
                        let weights = next.next().unwrap_or_default();
                        kernel(isa.into(), black_box(&layer), black_box(weights), black_box(&mut ws));
                    });
                });
            }
            results.push(ws[output.offset..][..outputs].to_vec());
        }
    }
    let (first, others) = results.split_at(ZEROS.len());
    for (others, first) in others.chunks_exact(ZEROS.len()).flat_map(|some| some.iter().zip(first)) {
        let largest = first.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
        let near = others.iter().zip(first).all(|(a, b)| (a - b).abs() <= 1e-3 * largest);
        assert!(near, "the kernels differ: {layer:?}");
    }
}

fn fully_connected(criterion: &mut Criterion) {
    LINEARS.iter().for_each(|layer| linear(criterion, layer));
}

criterion_group! {
    name = kernels;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1));
    targets = convolutions, few_channels, depthwise, fully_connected, regions
}

fn main() {
    if let Err(why) = Isa::from_env() {
        eprintln!("error: {why}");
        std::process::exit(2);
    }
    kernels();
    Criterion::default().configure_from_args().final_summary();
}

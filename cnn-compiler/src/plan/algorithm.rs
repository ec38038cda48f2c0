//! Which algorithm computes a convolution or a fully connected layer: the cheapest by a model of its constants, which is
//! the same for every instruction set.
//!
//! Costs are counted in multiplications with a weight that the direct algorithm does in the same time. F(m, r) computes tiles
//! of m x m outputs from n x n products, n = m + r - 1. A kernel of k x k with stride s counts as s^2 times as many inputs with
//! filters of r x r, r = k / s rounded up:
//!
//! ```text
//! direct     outputs * inputs * k^2 * pixels                                                overlaps bytes of weights * stream
//! F(m, r)    outputs * inputs * n^2 * tiles + (inputs + outputs) * n^2 * tiles * TRANSFORM
//!            + bytes of V * panels * SPILL, if a block of V is larger than L2               overlaps bytes of weights * stream
//! F(5x1, 5)  outputs * inputs * k * 9 * width * height / 5                                  the same along columns alone
//!            + (inputs + outputs) * 9 * width * height / 5 * COLUMNS                        overlaps bytes of weights * stream
//! ```
//!
//! Weights are fetched while others are used, so the longer of the two counts, and EXPOSED of the shorter. A byte costs more
//! where the weights of the whole net are larger than the cache: they come from memory at each pass.
//!
//! Measured on Zen 5 in nets, one thread, weights from memory (GFLOP/s of the direct algorithm in the same time, with AVX2 and with
//! AVX-512):
//!
//! | layer | direct | F(2, 3) | F(4, 3) | F(6, 3) | F(4, 5) |
//! | --- | ---: | ---: | ---: | ---: | ---: |
//! | 224x224 64 -> 64 | 142, – | | 361, 580 | 384, 580 | |
//! | 112x112 128 -> 128 | 141, – | | 442, 770 | 481, 770 | |
//! | 56x56 64 -> 64 | | | 400, 790 | 414, 653 | |
//! | 56x56 128 -> 256 | | | –, 800 | –, 637 | |
//! | 28x28 128 -> 128 | | | 465, 900 | 487, 809 | |
//! | 28x28 512 -> 512 | 135, – | | 472, 918 | 495, 853 | |
//! | 14x14 256 -> 256 | | 276, 531 | 355, 651 | | |
//! | 14x14 512 -> 512 | 140, – | 277, 555 | 364, 690 | | |
//! | 13x13 256 -> 384 | | 229, 472 | 297, 582 | | |
//! | 7x7 160 -> 320 | 130, 257 | 211, 376 | | | |
//! | 7x7 512 -> 512 | 138, – | 194, 385 | | | |
//! | 27x27 48 -> 128, 5x5 | 142, – | | | | 545, 1051 |
//! | 55x55 3 -> 96, 11x11, stride 4 | 140, 279 | –, 344 | 325, 565 | –, 541 | |
//!
//! Times with AVX-512 in µs, everything in the cache, of 5x5 over few channels; AVX2 has the same order:
//!
//! | layer | direct | F(4, 5) | F(5x1, 5x5) |
//! | --- | ---: | ---: | ---: |
//! | 10x10 6 -> 16 | 2.72 | 1.79 | 1.18 |
//! | 10x10 12 -> 24 | 9.49 | 4.40 | 4.16 |
//! | 10x10 16 -> 32 | 9.98 | 4.24 | 4.17 |
//! | 8x8 20 -> 50 | 17.8 | 5.7 | 9.0 |
//! | 28x28 3 -> 32 | 24.9 | 10.6 | 8.9 |
//! | 28x28 8 -> 16 | 26.6 | 10.5 | 11.7 |
//!
//! | layer | direct | F(3, 4) | F(5, 4) |
//! | --- | ---: | ---: | ---: |
//! | 112x112 3 -> 64, 7x7, stride 2 | 138, 270 | –, 373 | 300, 441 |
//!
//! Few filters over a single channel, the first layer of nets for digits, have a dedicated kernel, with vectors over
//! pixels. There Winograd's algorithm pays off along the columns of filters that are 5 high, whatever the sizes are; with
//! AVX-512 in µs, 2x2 pooling and tanh included:
//!
//! | layer | direct | F(4x1, 5x5) or F(4x1, 3x3) |
//! | --- | ---: | ---: |
//! | 28x28 1 -> 6, 5x5 | 1.72 | 1.49 |
//! | 28x28 1 -> 8, 5x5 | 2.60 | 1.96 |
//! | 26x26 1 -> 4, 3x3 | 0.76 | 0.84 |
//! | 26x26 1 -> 8, 3x3 | 1.49 | 1.54 |
//!
//! A fully connected layer after a ReLU can skip zeros, which pays off where it waits for its weights. Its time, relative
//! to the product over all inputs, with AVX-512, by the share of zeros (half of the inputs if weights are random, more if
//! trained):
//!
//! | layer | none | a third | half | four fifths |
//! | --- | ---: | ---: | ---: | ---: |
//! | 9216 -> 4096 | 1.04 | 0.72 | 0.55 | 0.24 |
//! | 4096 -> 4096 | 1.00 | 0.72 | 0.52 | 0.22 |
//! | 4096 -> 1000 | 1.01 | 0.77 | 0.60 | 0.26 |
//! | 512 -> 512, from L2 | 1.06 | 0.62 | 0.46 | 0.20 |
//! | 784 -> 128, from L1 and L2 | 1.7 | 1.3 | 1.0 | 0.6 |

use cnn_net::op::{Conv, Linear, Shape, Size};
use cnn_runtime::kernels::strips::{Columns2d, Planar2d};
use cnn_runtime::kernels::winograd::covered;
use cnn_runtime::pack::{ColumnPanels, ConvPanels, DenseRows, PANEL, WinogradPanels};

use super::choice::{Choice, Way};
use super::error;
use crate::step::Algorithm;

/// What the transforms of F(m, r) cost for each of the n x n values of a tile and each channel, in or out; with F(6, 3) also
/// that its weights are fetched from L3 for each block, being larger than L2; with 4 taps, which first layers of stride 2 have,
/// also that few channels leave most lanes of the input's transform empty.
const TRANSFORM: [((usize, usize), f64); 6] =
    [((2, 3), 7.0), ((4, 3), 8.0), ((6, 3), 16.0), ((3, 4), 13.0), ((5, 4), 19.0), ((4, 5), 10.0)];
/// What those of F(5x1, 5) cost.
const COLUMNS: f64 = 8.0;
/// What F(4x1, 5) costs over a single channel, relative to the direct algorithm.
const PLANAR: f64 = 0.8;
/// What a byte of V costs each time that it comes from L3.
const SPILL: f64 = 1.0;
/// What a byte of weights costs on its way from memory.
pub(super) const FROM_MEMORY: f64 = 3.5;
/// What it costs where all weights of the net stay in the cache.
pub(super) const FROM_CACHE: f64 = 0.5;
/// The share of the shorter one, fetching or computing, that the other does not hide.
const EXPOSED: f64 = 0.45;
/// Weights up to this many bytes stay in the cache: the level-2 cache of the smallest cores.
pub(super) const CACHE_BYTES: usize = 512 << 10;
/// Where Winograd gains less than this share of the direct algorithm, it is not worth its rounding errors.
const LEAST_GAIN: f64 = 0.1;
/// What it costs to transform a filter's value in a training step, and to write it.
const TRANSFORMED: f64 = 80.0;
/// How many times the direct algorithm's error a training step may have: F(4, 3) stays within this, larger tiles don't.
const NEAR: f64 = 3.0;
/// What V and M of a block should fit into: half of that cache.
const BLOCK_BYTES: usize = CACHE_BYTES / 2;
/// Up to this many tiles are always one block: then weights are read once.
const ONE_BLOCK: usize = 64;
/// By what share of its time a convolution slows down each time that a smaller block fetches the weights again, from
/// L2.
const REFETCH: f64 = 0.01;
/// Blocks are multiples of this: whole tiles of the micro-kernel, whose height is 6 or 12.
const BLOCK_STEP: usize = 12;

/// What a byte of weights costs in a net that has this many.
pub(super) fn stream(weight_bytes: usize) -> f64 {
    if weight_bytes <= CACHE_BYTES { FROM_CACHE } else { FROM_MEMORY }
}

/// The ways to compute a convolution with this many input channels and an output of this size, the best one first, where a
/// byte of weights costs `stream`; also in strips, if the input is `plain`: nothing lies between its pixels.
pub(super) fn choices(conv: &Conv, inputs: usize, output: Size, stream: f64, plain: bool) -> Vec<Choice> {
    if plain && Planar2d::fits(conv, inputs, output) {
        return planar(conv, output);
    }
    let direct = direct(conv, inputs, output, stream);
    if conv.dilation != Size::square(1) || conv.is_depthwise(inputs) {
        return vec![direct];
    }
    let inputs = inputs / conv.groups;
    let along_columns = (plain && Columns2d::fits(conv)).then(|| along_columns(conv, inputs, output, stream));
    let mut all = in_tiles(conv, inputs, output, stream);
    all.extend(along_columns);
    all.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    let gains = all.first().is_some_and(|best| best.cost < (1.0 - LEAST_GAIN) * direct.cost);
    all.insert(if gains { all.len() } else { 0 }, direct);
    all
}

/// How a training step computes a convolution of this many images: the cheapest way among those whose errors are near those of the direct
/// algorithm, since its results are trained on. Weights are transformed in every step.
pub(crate) fn in_training(conv: &Conv, inputs: usize, output: Size, images: usize, plain: bool) -> Algorithm {
    let mut all = choices(conv, inputs, output, FROM_MEMORY, plain);
    // Their filters would be transformed in each step, one after another.
    all.retain(|choice| !matches!(choice.way, Way::Conv(Algorithm::Columns { .. })));
    let exact = all.iter().find(|choice| choice.way.is_exact());
    let Some(direct) = exact else { return Algorithm::Direct };
    let cost = |choice: &Choice| {
        let packed = match choice.way {
            Way::Conv(Algorithm::Winograd { panels, .. }) => panels.len() as f64 * TRANSFORMED,
            Way::Conv(Algorithm::Direct | Algorithm::Planar { .. } | Algorithm::Columns { .. })
            | Way::Linear { .. } => 0.0,
        };
        images as f64 * choice.cost + packed
    };
    // Phases of a stride have to be transformed for too few products.
    let strided = |choice: &Choice| !choice.way.is_exact() && conv.stride != Size::square(1);
    let near = all.iter().filter(|choice| choice.error <= NEAR * NEAR * direct.error && !strided(choice));
    let best = near.min_by(|a, b| cost(a).total_cmp(&cost(b)));
    match best.filter(|best| cost(best) < (1.0 - LEAST_GAIN) * cost(direct)).unwrap_or(direct).way {
        Way::Conv(algorithm) => algorithm,
        Way::Linear { .. } => Algorithm::Direct,
    }
}

/// How a training step computes a convolution whose weights never change, so that they are transformed once: the cheapest way among those
/// whose errors are near those of the direct algorithm.
pub(crate) fn frozen(conv: &Conv, inputs: usize, output: Size) -> Algorithm {
    let all = choices(conv, inputs, output, FROM_MEMORY, false);
    let Some(direct) = all.iter().find(|choice| choice.way.is_exact()) else { return Algorithm::Direct };
    match all.iter().find(|choice| choice.error <= NEAR * NEAR * direct.error) {
        Some(Choice { way: Way::Conv(algorithm), .. }) => *algorithm,
        _ => Algorithm::Direct,
    }
}

/// The direct algorithm.
fn direct(conv: &Conv, inputs: usize, output: Size, stream: f64) -> Choice {
    let (inputs, outputs) = (inputs / conv.groups, conv.filters / conv.groups);
    let panels = ConvPanels { groups: conv.groups, outputs, inputs, kernel: conv.kernel };
    let work = (output.area() * conv.groups * outputs * panels.depth()) as f64;
    let cost = overlapped(work, stream * bytes(panels.len()));
    Choice { way: Way::Conv(Algorithm::Direct), cost, error: error::direct(panels.depth()) }
}

/// The same way with smaller blocks of tiles, which take less scratch memory: the weights are fetched for each.
pub(super) fn in_smaller_blocks(choice: Choice) -> Vec<Choice> {
    let Way::Conv(Algorithm::Winograd { panels, block, tail }) = choice.way else { return Vec::new() };
    let smaller = [4, 2, 1].map(|steps| steps * BLOCK_STEP).into_iter().filter(|smaller| *smaller < block);
    let in_blocks = |smaller: usize| {
        let way = Way::Conv(Algorithm::Winograd { panels, block: smaller, tail });
        Choice { way, cost: choice.cost * (1.0 + REFETCH * block as f64 / smaller as f64), ..choice }
    };
    smaller.map(in_blocks).collect()
}

/// All sizes of tiles for a convolution with this many input channels per group.
fn in_tiles(conv: &Conv, inputs: usize, output: Size, stream: f64) -> Vec<Choice> {
    let (kernel, stride) = (conv.kernel.height, conv.stride.height);
    if conv.kernel != Size::square(kernel) || conv.stride != Size::square(stride) {
        return Vec::new();
    }
    let (groups, outputs) = (conv.groups, conv.filters / conv.groups);
    let of_tile = |tile: &usize| {
        let panels = WinogradPanels { groups, outputs, inputs, kernel, stride, tile: *tile };
        let way = Way::Conv(Algorithm::Winograd { panels, block: block(&panels, output), tail: None });
        Choice { way, cost: cost(&panels, output, stream), error: error::tiles(&panels) }
    };
    tiles_of(kernel.div_ceil(stride)).iter().map(of_tile).collect()
}

/// Tiles along the columns of a convolution.
fn along_columns(conv: &Conv, inputs: usize, output: Size, stream: f64) -> Choice {
    let panels = Columns2d::panels_of(conv, inputs);
    let points = (panels.rows() * output.width * output.height.div_ceil(panels.tile)) as f64;
    let terms = (inputs * conv.filters * conv.kernel.width) as f64;
    let work = points * terms + points * (inputs + conv.filters) as f64 * COLUMNS;
    let cost = overlapped(work, bytes(panels.len()) * stream);
    Choice { way: Way::Conv(Algorithm::Columns { panels, tail: None }), cost, error: error::columns(&panels) }
}

/// For few filters over a single channel: by Winograd's algorithm where that is possible, and directly.
fn planar(conv: &Conv, output: Size) -> Vec<Choice> {
    let dense = conv.stride == Size::square(1) && conv.dilation == Size::square(1);
    let taps = conv.kernel.height == 5 && conv.kernel.width <= 5;
    let tiles: &[usize] = if dense && taps && output.height >= 4 { &[4, 1] } else { &[1] };
    let of_tile = |tile: &usize| {
        let panels = ColumnPanels { outputs: conv.filters, inputs: 1, kernel: conv.kernel, tile: *tile };
        let work = (output.area() * conv.filters * conv.kernel.area()) as f64;
        // Both take about as long: the tables say when Winograd's algorithm gains.
        let (share, error) = match tile {
            1 => (1.0, error::direct(conv.kernel.area())),
            _ => (PLANAR, error::columns(&panels)),
        };
        Choice { way: Way::Conv(Algorithm::Planar { panels, tail: None }), cost: share * work, error }
    };
    tiles.iter().map(of_tile).collect()
}

/// For a fully connected layer over an input of this shape; `zeros`, if many of its elements are zero and can be skipped.
pub(super) fn linear(linear: &Linear, input: Shape, stream: f64, zeros: bool) -> Choice {
    let rows = DenseRows { outputs: linear.features, inputs: input.channels(), pixels: input.size().area() };
    let bytes = linear.store.bytes() * rows.len();
    let nonzero = zeros && bytes > CACHE_BYTES;
    let inputs = input.elements();
    let cost = overlapped((linear.features * inputs) as f64, bytes as f64 * stream);
    Choice { way: Way::Linear { nonzero }, cost, error: error::dense(inputs, nonzero) }
}

/// Sides of the tiles that have an algorithm, with filters of this many taps.
fn tiles_of(taps: usize) -> &'static [usize] {
    match taps {
        3 => &[2, 4, 6],
        4 => &[3, 5],
        5 => &[4],
        _ => &[],
    }
}

fn bytes(floats: usize) -> f64 {
    (floats * size_of::<f32>()) as f64
}

/// Tiles of an output.
fn tiles(panels: &WinogradPanels, output: Size) -> usize {
    covered(output, panels.tile).area() / (panels.tile * panels.tile)
}

fn cost(panels: &WinogradPanels, output: Size, stream: f64) -> f64 {
    let WinogradPanels { groups, outputs, tile, .. } = *panels;
    let (n, taps, inputs) = (panels.side(), panels.taps(), panels.depth());
    let points = n * n * tiles(panels, output);
    let transform = TRANSFORM.iter().find(|(of, _)| *of == (tile, taps)).map_or(f64::INFINITY, |(_, cost)| *cost);
    let block = bytes(n * n * block(panels, output) * inputs);
    let spilt = if block > CACHE_BYTES as f64 { bytes(points * inputs * outputs.div_ceil(PANEL)) } else { 0.0 };
    let products = (points * outputs * inputs) as f64 + (points * (outputs + inputs)) as f64 * transform;
    let work = groups as f64 * (products + spilt * SPILL);
    overlapped(work, bytes(panels.len()) * stream)
}

/// The cost of work while weights are fetched.
fn overlapped(work: f64, fetching: f64) -> f64 {
    work.max(fetching) + EXPOSED * work.min(fetching)
}

/// What is saved if weights are fetched once for the work of several images.
pub(super) fn read_once(work: f64, fetching: f64, images: f64) -> f64 {
    images * overlapped(work, fetching) - overlapped(images * work, fetching)
}

/// Tiles of a block.
fn block(panels: &WinogradPanels, output: Size) -> usize {
    let tiles = tiles(panels, output);
    if tiles <= ONE_BLOCK {
        return tiles;
    }
    let fitting = BLOCK_BYTES / (panels.side().pow(2) * (panels.depth() + 2 * PANEL) * size_of::<f32>());
    (fitting / BLOCK_STEP).max(1) * BLOCK_STEP
}

#[cfg(test)]
mod tests {
    use cnn_net::op::Padding;

    use super::*;

    /// The side of the tiles; 0 for the direct algorithm.
    fn tile(side: usize, inputs: usize, filters: usize, kernel: usize) -> usize {
        strided(side, inputs, filters, kernel, 1)
    }

    fn strided(side: usize, inputs: usize, filters: usize, kernel: usize, stride: usize) -> usize {
        let conv = Conv {
            filters,
            kernel: Size::square(kernel),
            stride: Size::square(stride),
            pad: Padding::symmetric(kernel / 2, kernel / 2),
            dilation: Size::square(1),
            groups: 1,
            bias: false,
        };
        match choices(&conv, inputs, Size::square(side), FROM_MEMORY, true)[0].way {
            Way::Conv(Algorithm::Winograd { panels, .. }) => panels.tile,
            Way::Conv(Algorithm::Columns { panels, .. }) => panels.tile,
            Way::Conv(Algorithm::Direct | Algorithm::Planar { .. }) | Way::Linear { .. } => 0,
        }
    }

    #[test]
    fn large_maps_have_large_tiles() {
        assert_eq!(
            [224, 112, 56, 28, 14, 7].map(|side| tile(side, 64 * 224 / side.max(28), 64 * 224 / side.max(28), 3)),
            [6, 6, 4, 4, 4, 2]
        );
        assert_eq!(tile(27, 48, 128, 5), 4);
    }

    #[test]
    fn strides_are_phases_with_smaller_filters() {
        assert_eq!(strided(112, 3, 64, 7, 2), 5, "ResNet's first layer");
        assert_eq!(strided(55, 3, 96, 11, 4), 4, "AlexNet's");
        assert_eq!(strided(28, 128, 128, 3, 2), 0, "filters of 2x2");
        assert_eq!(strided(14, 1, 16, 5, 2), 0, "few channels");
    }

    #[test]
    fn some_are_computed_directly() {
        assert_eq!(tile(224, 3, 64, 3), 0, "few channels: the transforms cost more than they save");
        assert_eq!(tile(56, 64, 256, 1), 0, "no window");
        assert_eq!(tile(1, 512, 512, 3), 0, "a single pixel");
        assert_eq!(tile(112, 64, 64, 7), 0, "no algorithm for it");
    }

    #[test]
    fn strides_dilations_and_depthwise_filters_are_computed_directly() {
        let conv = Conv {
            filters: 128,
            kernel: Size::square(3),
            stride: Size::square(1),
            pad: Padding::symmetric(1, 1),
            dilation: Size::square(1),
            groups: 1,
            bias: false,
        };
        let first = |conv: Conv| choices(&conv, 128, Size::square(28), FROM_MEMORY, true)[0].way;
        let direct = |conv: Conv| first(conv) == Way::Conv(Algorithm::Direct);
        assert!(!direct(conv));
        assert!(direct(Conv { stride: Size::square(2), ..conv }));
        assert!(direct(Conv { dilation: Size::new(1, 2), ..conv }));
        assert!(direct(Conv { groups: 128, ..conv }));
    }
}

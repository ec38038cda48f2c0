//! Convolutions of NaN, of infinities, and of numbers that are much larger than others.

use cnn_net::op::Activation;
use cnn_runtime::kernels::conv::Conv2d;
use cnn_runtime::place::map::Map;

use crate::conv::{Filters, sum_at};
use crate::support::{Arena, Expected, Rng, SPECIAL, activated, indices};

/// Activations that show where a NaN gets lost.
pub(crate) const CLAMPS: [Activation; 5] =
    [Activation::Identity, Activation::Relu, Activation::Relu6, Activation::Tanh, Activation::LeakyRelu { slope: 0.1 }];

/// Puts a special number at a place of a map, or in a row or a column of a channel; or two of them.
pub(crate) fn spoil(rng: &mut Rng, arena: &mut Arena, map: &Map) {
    let (count, line) = rng.pick(&[(1, false), (1, false), (2, false), (1, true)]);
    for _ in 0..count {
        let special = rng.pick(&SPECIAL);
        // Sums of several of 3e38 would overflow, in one order or another.
        let several = count > 1 || line;
        let special = if several && special.is_finite() { special * 1e-2 } else { special };
        let [y, x, c] = [map.height, map.width, map.channels].map(|size| {
            let inside = rng.below(size);
            rng.pick(&[0, size - 1, inside])
        });
        match if line { rng.below(3) } else { 3 } {
            0 => (0..map.width).for_each(|x| arena.ws[map.offset + y * map.row + x * map.pixel + c] = special),
            1 => (0..map.height).for_each(|y| arena.ws[map.offset + y * map.row + x * map.pixel + c] = special),
            2 => indices(map)
                .into_iter()
                .filter(|at| (at - map.offset) % map.pixel == c)
                .for_each(|at| arena.ws[at] = special),
            _ => arena.ws[map.offset + y * map.row + x * map.pixel + c] = special,
        }
    }
}

/// The largest finite input of an output's window, and 1 at least.
fn largest_in_window(arena: &Arena, conv: &Conv2d, groups: usize, [y, x, c]: [usize; 3]) -> f64 {
    let Conv2d { input, output, kernel, stride, dilation, .. } = conv;
    let inputs = input.channels / groups;
    let first = c / (output.channels / groups) * inputs;
    let mut largest = 1.0_f64;
    for at in 0..kernel.area() * inputs {
        let (tap, channel) = (at / inputs, first + at % inputs);
        let row = (y * stride.height + tap / kernel.width * dilation.height).wrapping_sub(conv.pad_top);
        let column = (x * stride.width + tap % kernel.width * dilation.width).wrapping_sub(conv.pad_left);
        if row < input.height && column < input.width {
            largest = largest.max(arena.get(input, row, column, channel).abs());
        }
    }
    largest
}

/// What an output should be. An algorithm whose errors are `factor` times those of a sum may have errors of what is large in its
/// window, or of the hundreds that may occur among inputs about 1.
pub(crate) fn expected_of(arena: &Arena, conv: &Conv2d, filters: &Filters, at: [usize; 3], factor: f64) -> Expected {
    let (sum, _) = sum_at(arena, conv, filters, at);
    if !sum.is_finite() {
        return activated(conv.activation.activation(), sum, 0.0);
    }
    let terms = (filters.kernel.area() * conv.input.channels / filters.groups) as f64;
    let largest = largest_in_window(arena, conv, filters.groups, at).max(UNSEEN);
    activated(conv.activation.activation(), sum, factor * f64::from(f32::EPSILON) * (terms.sqrt() + 1.0) * largest)
}

/// A number may be that much larger than others, and errors as much larger.
const UNSEEN: f64 = 512.0;

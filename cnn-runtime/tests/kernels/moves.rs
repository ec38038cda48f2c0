//! Layers that move numbers, or resize maps.

use cnn_net::op::{Edge, Pad, Padding};
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::pad::{PadMap, pad};
use cnn_runtime::kernels::reshape::{ReshapeMap, reshape};
use cnn_runtime::kernels::resize::{ResizeMap, bicubic, bilinear, nearest};
use cnn_runtime::kernels::shuffle::{
    ChannelShuffleMap, PixelShuffleMap, PixelUnshuffleMap, channel_shuffle, pixel_shuffle, pixel_unshuffle,
};
use cnn_runtime::place::bounds::Checked;
use cnn_runtime::place::map::Map;

use crate::elementwise::each_case;
use crate::support::{Arena, Expected, Rng, SPECIAL, check};

/// An input of random numbers and an output, of these rows, columns and channels.
fn maps(rng: &mut Rng, input: [usize; 3], output: [usize; 3]) -> (Arena, Map, Map) {
    let mut arena = Arena::default();
    let (halo_in, halo_out) = (rng.padding(1), rng.padding(1));
    let (input, output) = (arena.map(rng, input, halo_in), arena.map(rng, output, halo_out));
    arena.fill(&input, || rng.float());
    arena.close();
    (arena, input, output)
}

fn exact(value: f64) -> Expected {
    Expected { value, tolerance: 0.0 }
}

const CHANNELS: [usize; 9] = [1, 2, 3, 8, 9, 16, 17, 31, 70];

#[test]
fn maps_are_padded() {
    each_case(40, 300, |isa, rng| {
        let mode = rng.pick(&[Edge::Zero, Edge::Reflect, Edge::Replicate]);
        let (height, width, channels) = (1 + rng.below(6), 1 + rng.below(6), rng.pick(&CHANNELS));
        let most = if mode == Edge::Reflect { height.min(width) - 1 } else { 4 };
        let sides = rng.padding(most);
        let layer = Pad::new(sides).mode(mode).value(1.5);
        let size = [sides.top + height + sides.bottom, sides.left + width + sides.right, channels];
        let (arena, input, output) = maps(rng, [height, width, channels], size);
        let layer = PadMap { input, output, pad: layer };
        let inside = |at: usize, before: usize, size: usize| {
            let at = at as i64 - before as i64;
            let last = size as i64 - 1;
            let moved = match mode {
                Edge::Reflect => last - (last - at.abs()).abs(),
                Edge::Replicate => at.clamp(0, last),
                _ => at,
            };
            (0..=last).contains(&moved).then_some(moved as usize)
        };
        let expected = |y, x, c| match (inside(y, sides.top, height), inside(x, sides.left, width)) {
            (Some(y), Some(x)) => exact(arena.get(&input, y, x, c)),
            _ => exact(1.5),
        };
        let what = format!("{} {layer:?}", isa.name());
        check(isa, &what, &arena, &output, |run, ws| pad(run, &layer.check(), ws), expected);
    });
}

#[test]
fn pixels_become_channels_and_channels_pixels() {
    each_case(41, 300, |isa, rng| {
        let (height, width, factor) = (1 + rng.below(4), 1 + rng.below(5), 1 + rng.below(4));
        let channels = rng.pick(&CHANNELS);
        let large = [height * factor, width * factor, channels];
        let small = [height, width, channels * factor * factor];
        let (arena, input, output) = maps(rng, small, large);
        let layer = PixelShuffleMap { input, output, factor };
        let of = |y: usize, x: usize, c: usize| (c * factor + y % factor) * factor + x % factor;
        check(
            isa,
            &format!("{} {layer:?}", isa.name()),
            &arena,
            &output,
            |run, ws| pixel_shuffle(run, &layer.check(), ws),
            |y, x, c| exact(arena.get(&input, y / factor, x / factor, of(y, x, c))),
        );
        let (arena, input, output) = maps(rng, large, small);
        let layer = PixelUnshuffleMap { input, output, factor };
        check(
            isa,
            &format!("{} {layer:?}", isa.name()),
            &arena,
            &output,
            |run, ws| pixel_unshuffle(run, &layer.check(), ws),
            |y, x, c| {
                let (from, at) = (c / (factor * factor), c % (factor * factor));
                exact(arena.get(&input, y * factor + at / factor, x * factor + at % factor, from))
            },
        );
    });
}

#[test]
fn channels_are_shuffled() {
    each_case(42, 200, |isa, rng| {
        let (groups, in_each) = (rng.pick(&[1, 2, 3, 4, 8, 9, 17]), rng.pick(&[1, 2, 5, 8, 16, 19]));
        let size = [1 + rng.below(4), 1 + rng.below(4), groups * in_each];
        let (arena, input, output) = maps(rng, size, size);
        let layer = ChannelShuffleMap { input, output, groups };
        check(
            isa,
            &format!("{} {layer:?}", isa.name()),
            &arena,
            &output,
            |run, ws| channel_shuffle(run, &layer.check(), ws),
            |y, x, c| exact(arena.get(&input, y, x, c % groups * in_each + c / groups)),
        );
    });
}

#[test]
fn maps_are_reshaped() {
    each_case(43, 200, |isa, rng| {
        let factors = [rng.pick(&[1, 2, 3]), rng.pick(&[1, 4, 5]), rng.pick(&[1, 3, 7]), rng.pick(&[1, 2, 16])];
        let shape = |rng: &mut Rng| {
            let mut shape = [1; 3];
            factors.iter().for_each(|factor| shape[rng.below(3)] *= factor);
            shape
        };
        let (from, to) = (shape(rng), shape(rng));
        let (arena, input, output) = maps(rng, from, to);
        let layer = ReshapeMap { input, output };
        check(
            isa,
            &format!("{} {layer:?}", isa.name()),
            &arena,
            &output,
            |run, ws| reshape(run, &layer.check(), ws),
            |y, x, c| {
                let at = (c * output.height + y) * output.width + x;
                let (c, pixel) = (at / input.pixels(), at % input.pixels());
                exact(arena.get(&input, pixel / input.width, pixel % input.width, c))
            },
        );
    });
}

/// The rows or columns that an output lies between, and their weights.
fn taps(taps: usize, index: usize, [from, to]: [usize; 2], align_corners: bool) -> Vec<(usize, f64)> {
    let at = match (align_corners, to) {
        (false, _) => (index as f64 + 0.5) * from as f64 / to as f64 - 0.5,
        (true, 1) => 0.0,
        (true, _) => index as f64 * (from - 1) as f64 / (to - 1) as f64,
    };
    let at = if taps == 2 { at.max(0.0) } else { at };
    let before = at.floor() - (taps / 2 - 1) as f64;
    let weight = |distance: f64| match (taps, distance) {
        (2, x) => 1.0 - x,
        (_, x) if x <= 1.0 => 1.25 * x.powi(3) - 2.25 * x.powi(2) + 1.0,
        (_, x) => -0.75 * (x.powi(3) - 5.0 * x.powi(2) + 8.0 * x - 4.0),
    };
    let tap = |k: usize| {
        let tap = before + k as f64;
        (tap.clamp(0.0, (from - 1) as f64) as usize, weight((at - tap).abs()))
    };
    (0..taps).map(tap).collect()
}

type Resizing = fn(Run<'_>, &Checked<ResizeMap>, &mut [f32]);

#[test]
fn maps_are_resized() {
    each_case(44, 400, |isa, rng| {
        let size = |rng: &mut Rng| [rng.pick(&[1, 1, 2, 3, 5, 8]), rng.pick(&[1, 2, 4, 7, 13])];
        let (from, channels) = (size(rng), rng.pick(&CHANNELS));
        let to = match rng.below(3) {
            0 => from.map(|side| side * (1 + rng.below(4))),
            _ => size(rng),
        };
        let (arena, input, output) = maps(rng, [from[0], from[1], channels], [to[0], to[1], channels]);
        let layer = ResizeMap { input, output, align_corners: rng.below(2) == 0 };
        let what = format!("{} {layer:?}", isa.name());
        let copied = |y: usize, x: usize, c| exact(arena.get(&input, y * from[0] / to[0], x * from[1] / to[1], c));
        check(isa, &what, &arena, &output, |run, ws| nearest(run, &layer.check(), ws), copied);
        for (count, kernel) in [(2, bilinear as Resizing), (4, bicubic as Resizing)] {
            let expected = |y, x, c| {
                let rows = taps(count, y, [from[0], to[0]], layer.align_corners);
                let columns = taps(count, x, [from[1], to[1]], layer.align_corners);
                let mut value = 0.0;
                for (row, down) in &rows {
                    value +=
                        columns.iter().map(|(at, weight)| down * weight * arena.get(&input, *row, *at, c)).sum::<f64>();
                }
                // Numbers are up to 1, and weights add up to less than 2.
                Expected { value, tolerance: 20.0 * f64::from(f32::EPSILON) }
            };
            check(
                isa,
                &format!("{what} {count}"),
                &arena,
                &output,
                |run, ws| kernel(run, &layer.check(), ws),
                expected,
            );
        }
    });
}

/// Where PyTorch's result is NaN, this one is: a weight of 0 makes NaN of a number that is not finite.
#[test]
fn no_number_gets_lost_in_a_resizing() {
    each_case(45, 100, |isa, rng| {
        let channels = rng.pick(&[1, 8, 17]);
        let (mut arena, input, output) = maps(rng, [4, 5, channels], [8, 7, channels]);
        let [y, x, c] = [rng.below(4), rng.below(5), rng.below(channels)];
        let odd = rng.pick(&SPECIAL[..3]);
        let at = input.offset + y * input.row + x * input.pixel + c;
        arena.ws[at] = odd;
        let layer = ResizeMap { input, output, align_corners: false };
        let finite = |y, x, of| {
            let (rows, columns) = (taps(2, y, [4, 8], false), taps(2, x, [5, 7], false));
            let mut value = 0.0;
            for (row, down) in &rows {
                value +=
                    columns.iter().map(|(at, weight)| down * weight * arena.get(&input, *row, *at, of)).sum::<f64>();
            }
            Expected { value, tolerance: 1e-5 }
        };
        check(isa, isa.name(), &arena, &output, |run, ws| bilinear(run, &layer.check(), ws), finite);
    });
}

#[test]
#[should_panic(expected = "a reflection is smaller than the map")]
fn a_reflection_of_the_whole_map_is_refused() {
    let (input, output) = (Map::dense(0, 2, 2, 1), Map::dense(16, 4, 2, 1));
    _ = PadMap { input, output, pad: Pad::new(Padding::new(2, 0, 0, 0)).mode(Edge::Reflect) }.check();
}

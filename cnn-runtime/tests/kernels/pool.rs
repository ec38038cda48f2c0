//! Pooling.

use cnn_net::op::{Padding, Size};
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::pool::{GlobalPool, Pool2d, avg_pool, global_avg_pool, global_max_pool, max_pool};
use cnn_runtime::place::map::Map;

use crate::support::{Arena, Expected, Rng, SPECIAL, check, indices, isas, largest};

/// The taps of a window inside the input, and how many there are inside the padded input.
fn taps(arena: &Arena, layer: &Pool2d, [y, x, c]: [usize; 3]) -> (Vec<f64>, usize) {
    let Pool2d { input, kernel, stride, pad, dilation, .. } = layer;
    let (mut inside, mut padded) = (Vec::new(), 0);
    for ky in 0..kernel.height {
        for kx in 0..kernel.width {
            let row = (y * stride.height + ky * dilation.height) as isize - pad.top as isize;
            let column = (x * stride.width + kx * dilation.width) as isize - pad.left as isize;
            if (0..input.height as isize).contains(&row) && (0..input.width as isize).contains(&column) {
                inside.push(arena.get(input, row as usize, column as usize, c));
            }
            let below = row < (input.height + pad.bottom) as isize;
            padded += usize::from(below && column < (input.width + pad.right) as isize);
        }
    }
    (inside, padded)
}

/// How many windows there are; with `ceil`, none that would start in the far padding.
fn windows(size: usize, before: usize, after: usize, span: usize, stride: usize, ceil: bool) -> usize {
    let room = size + before + after - span;
    let count = if ceil { room.div_ceil(stride) } else { room / stride } + 1;
    if ceil && (count - 1) * stride >= size + before { count - 1 } else { count }
}

/// A pooling of an input of this size.
#[derive(Clone, Copy, Debug)]
struct Case {
    size: Size,
    channels: usize,
    kernel: Size,
    stride: Size,
    dilation: Size,
    pad: Padding,
    ceil: bool,
    count_include_pad: bool,
}

/// One pixel of one channel: what the named cases change.
const PLAIN: Case = Case {
    size: Size::square(1),
    channels: 1,
    kernel: Size::square(1),
    stride: Size::square(1),
    dilation: Size::square(1),
    pad: Padding::NONE,
    ceil: false,
    count_include_pad: false,
};
const WINDOW: Case = Case { kernel: Size::square(2), stride: Size::square(2), ..PLAIN };

/// Small cases, one for each thing that can go wrong.
const NAMED: [(&str, Case); 12] = [
    ("1x1 input, 1x1 window", PLAIN),
    ("2x2 input, 2x2 window", Case { size: Size::square(2), ..WINDOW }),
    ("3x3 input, 2x2 window: the last row and column are left out", Case { size: Size::square(3), ..WINDOW }),
    ("3x3 input, 2x2 window, ceil: the last windows are clipped", Case { size: Size::square(3), ceil: true, ..WINDOW }),
    ("pad 1: a window has one tap", Case { pad: Padding::symmetric(1, 1), ..WINDOW }),
    ("pad 1, counted", Case { pad: Padding::symmetric(1, 1), count_include_pad: true, ..WINDOW }),
    ("pad at the bottom alone", Case { pad: Padding { bottom: 1, right: 1, ..Padding::NONE }, ..WINDOW }),
    ("windows that overlap", Case { size: Size::new(3, 5), kernel: Size::square(3), ..PLAIN }),
    ("windows with a gap between them", Case { size: Size::square(3), stride: Size::square(2), ..PLAIN }),
    ("a gap between the taps", Case { size: Size::square(3), dilation: Size::square(2), ..WINDOW }),
    ("a vector and a channel", Case { size: Size::square(2), channels: 17, ..WINDOW }),
    ("a row that is less than a window high", Case { size: Size::new(1, 4), kernel: Size::new(1, 2), ..PLAIN }),
];

impl Case {
    fn random(rng: &mut Rng) -> Self {
        let kernel = Size::new(rng.pick(&[1, 2, 2, 3, 3, 5]), rng.pick(&[1, 2, 2, 3, 3, 5]));
        let kernel = rng.pick(&[kernel, Size::square(2), Size::square(3)]);
        let dilation = rng.pick(&[Size::square(1), Size::square(1), Size::new(2, 1), Size::new(2, 3)]);
        let span = Self { kernel, dilation, ..PLAIN }.span();
        Self {
            size: Size::new(rng.below(9) + span.height, rng.below(19) + span.width),
            channels: rng.pick(&[1, 6, 8, 16, 17, 31]),
            kernel,
            stride: Size::new(rng.pick(&[1, 2, 2, 3]), rng.pick(&[1, 2, 2, 3])),
            dilation,
            pad: rng.padding(kernel.height.min(kernel.width) / 2),
            ceil: rng.pick(&[false, true]),
            count_include_pad: rng.pick(&[false, true]),
        }
    }

    /// What a window covers.
    fn span(&self) -> Size {
        let Self { kernel, dilation, .. } = self;
        Size::new((kernel.height - 1) * dilation.height + 1, (kernel.width - 1) * dilation.width + 1)
    }

    /// Checks both poolings.
    fn run(self, name: &str, isa: Isa, rng: &mut Rng) {
        let Self { size, channels, kernel, stride, dilation, pad, ceil, count_include_pad } = self;
        let span = self.span();
        let rows = windows(size.height, pad.top, pad.bottom, span.height, stride.height, ceil);
        let columns = windows(size.width, pad.left, pad.right, span.width, stride.width, ceil);
        let mut arena = Arena::default();
        let input = arena.map(rng, [size.height, size.width, channels], Padding::NONE);
        let halo = rng.padding(1);
        let output = arena.map(rng, [rows, columns, channels], halo);
        // All below zero, so that a zero of a halo would win.
        arena.fill(&input, || rng.float() - 1.5);
        arena.close();
        let layer = Pool2d { input, output, kernel, stride, pad, dilation, count_include_pad };
        let what = format!("{} {name}: {self:?}", isa.name());
        check(
            isa,
            &what,
            &arena,
            &output,
            |run, ws| max_pool(run, &layer.check(), ws),
            |y, x, c| {
                let (inside, _) = taps(&arena, &layer, [y, x, c]);
                Expected { value: largest(inside), tolerance: 0.0 }
            },
        );
        check(
            isa,
            &what,
            &arena,
            &output,
            |run, ws| avg_pool(run, &layer.check(), ws),
            |y, x, c| {
                let (inside, padded) = taps(&arena, &layer, [y, x, c]);
                let count = if count_include_pad { padded } else { inside.len() };
                let value = inside.iter().sum::<f64>() / count.max(1) as f64;
                // A rounding for each of up to 25 taps, numbers up to 2.5.
                Expected { value, tolerance: 25.0 * 2.5 * f64::from(f32::EPSILON) }
            },
        );
    }
}

#[test]
fn small_pools() {
    for isa in isas() {
        NAMED.iter().for_each(|(name, case)| case.run(name, isa, &mut Rng(1)));
    }
}

#[test]
fn pools_of_random_shapes() {
    for isa in isas() {
        let mut rng = Rng(7);
        (0..600).for_each(|_| Case::random(&mut rng).run("random", isa, &mut rng));
    }
}

#[test]
fn global_pools_of_random_shapes() {
    for isa in isas() {
        let mut rng = Rng(8);
        for _ in 0..100 {
            let shape = [rng.below(9) + 1, rng.below(9) + 1, rng.pick(&[1, 6, 8, 31, 32, 33, 70])];
            let mut arena = Arena::default();
            let halo = rng.padding(1);
            let input = arena.map(&mut rng, shape, halo);
            let output = arena.map(&mut rng, [1, 1, shape[2]], Padding::NONE);
            arena.fill(&input, || rng.float() - 1.5);
            arena.close();
            let all = |c: usize| {
                let arena = &arena;
                (0..shape[0]).flat_map(move |y| (0..shape[1]).map(move |x| arena.get(&input, y, x, c)))
            };
            check(
                isa,
                isa.name(),
                &arena,
                &output,
                |run, ws| global_max_pool(run, &GlobalPool { input, output }.check(), ws),
                |_, _, c| Expected { value: largest(all(c)), tolerance: 0.0 },
            );
            check(
                isa,
                isa.name(),
                &arena,
                &output,
                |run, ws| global_avg_pool(run, &GlobalPool { input, output }.check(), ws),
                |_, _, c| {
                    let value = all(c).sum::<f64>() / (shape[0] * shape[1]) as f64;
                    Expected { value, tolerance: 20.0 * 2.5 * f64::from(f32::EPSILON) }
                },
            );
        }
    }
}

/// Long sums are added up in parts: errors of a million numbers in a row would be a hundred times those of a few.
#[test]
fn long_means_are_as_exact_as_short_ones() {
    for isa in isas() {
        for [height, width] in [[1000, 1000], [1, 1_000_000], [1_000_000, 1]] {
            let mut ws = vec![0.0_f32; height * width + 64];
            for kind in 0..2 {
                let mut rng = Rng(9);
                for x in &mut ws[..height * width] {
                    *x = if kind == 0 { rng.float().abs() } else { 0.1 };
                }
                let exact = ws[..height * width].iter().map(|x| f64::from(*x)).sum::<f64>() / 1e6;
                let input = Map { offset: 0, height, width, channels: 1, row: width, pixel: 1 };
                let output = Map { offset: height * width, height: 1, width: 1, channels: 1, row: 1, pixel: 1 };
                let near = |what: &str, ws: &[f32]| {
                    let found = f64::from(ws[output.offset]);
                    let error = ((found - exact) / exact).abs();
                    assert!(error <= 5e-7, "{what}, {}, {height}x{width}: {found}, not {exact}: {error:e}", isa.name());
                };
                global_avg_pool(Run::new(isa), &GlobalPool { input, output }.check(), &mut ws);
                near("global", &ws);
                let layer = Pool2d {
                    input,
                    output,
                    kernel: Size::new(height, width),
                    stride: Size::square(1),
                    pad: Padding::NONE,
                    dilation: Size::square(1),
                    count_include_pad: true,
                };
                avg_pool(Run::new(isa), &layer.check(), &mut ws);
                near("window", &ws);
            }
        }
    }
}

/// Puts one of the special numbers, or two, into a map.
fn spoil(rng: &mut Rng, arena: &mut Arena, map: &Map) {
    let all = indices(map);
    for _ in 0..1 + rng.below(2) {
        arena.ws[rng.pick(&all)] = rng.pick(&SPECIAL);
    }
}

#[test]
fn maxima_have_every_nan_and_infinity() {
    for isa in isas() {
        let mut rng = Rng(71);
        for _ in 0..400 {
            let (kernel, stride) = (rng.pick(&[1, 2, 2, 3, 3, 4, 5]), rng.pick(&[1, 2]));
            let pad = rng.padding(kernel / 2);
            let (height, width) = (kernel + rng.below(5), kernel + rng.below(9));
            let channels = rng.pick(&[1, 4, 6, 8, 9, 16, 17, 31, 40]);
            let rows = windows(height, pad.top, pad.bottom, kernel, stride, false);
            let columns = windows(width, pad.left, pad.right, kernel, stride, false);
            let mut arena = Arena::default();
            let input = arena.map(&mut rng, [height, width, channels], Padding::NONE);
            let output = arena.map(&mut rng, [rows, columns, channels], Padding::NONE);
            let one = arena.map(&mut rng, [1, 1, channels], Padding::NONE);
            arena.fill(&input, || rng.float());
            spoil(&mut rng, &mut arena, &input);
            arena.close();
            let (kernel, stride) = (Size::square(kernel), Size::square(stride));
            let dilation = Size::square(1);
            let layer = Pool2d { input, output, kernel, stride, pad, dilation, count_include_pad: false };
            let what = format!("{} {layer:?}", isa.name());
            let maximum = |y, x, c| Expected { value: largest(taps(&arena, &layer, [y, x, c]).0), tolerance: 0.0 };
            check(isa, &what, &arena, &output, |run, ws| max_pool(run, &layer.check(), ws), maximum);
            let maximum = |_, _, c| {
                let all = (0..height * width).map(|at| arena.get(&input, at / width, at % width, c));
                Expected { value: largest(all), tolerance: 0.0 }
            };
            check(
                isa,
                &what,
                &arena,
                &one,
                |run, ws| global_max_pool(run, &GlobalPool { input, output: one }.check(), ws),
                maximum,
            );
            let mean = |y, x, c| {
                let (inside, _) = taps(&arena, &layer, [y, x, c]);
                let value = inside.iter().sum::<f64>() / inside.len() as f64;
                // Sums of two of 3e38 overflow.
                let value = if value.abs() > 1e37 {
                    f64::from(inside.iter().map(|x| *x as f32).sum::<f32>()) / inside.len() as f64
                } else {
                    value
                };
                let magnitude: f64 = inside.iter().map(|x| x.abs()).sum();
                let tolerance = if value.is_finite() { 25.0 * f64::from(f32::EPSILON) * magnitude } else { 0.0 };
                Expected { value, tolerance }
            };
            check(isa, &what, &arena, &output, |run, ws| avg_pool(run, &layer.check(), ws), mean);
        }
    }
}

//! Activations, normalisation and softmax.

use cnn_net::op::{Activation, Lrn, LrnWindow, Padding, PreluPer};
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::activation::{Activate, PreluMap, activate, prelu};
use cnn_runtime::kernels::merge::{Merge, add};
use cnn_runtime::kernels::norm::{LrnMap, ScaleShift, lrn, scale_shift};
use cnn_runtime::kernels::softmax::{SoftmaxMap, log_softmax, softmax};
use cnn_runtime::pack::{Affine, pack_scale_shift, pack_slopes, padded, scale_shift_len};
use cnn_runtime::place::map::Map;
use cnn_runtime::reference::derivative;

use crate::support::activate as formula;
use crate::support::{ACTIVATIONS, Arena, Expected, Rng, activated, check, index, indices, isas};

/// Some ulps of a result, for kernels with a few roundings.
fn near(value: f64, ulps: f64) -> Expected {
    Expected { value, tolerance: ulps * f64::from(f32::EPSILON) * value.abs() + 1e-37 }
}

/// An input of random numbers in -8..8 and an output, which is the input itself every third time.
pub(crate) fn in_and_out(rng: &mut Rng, arena: &mut Arena) -> (Map, Map) {
    let shape = [rng.pick(&[1, 1, 2, 5]), rng.pick(&[1, 1, 3, 8]), rng.pick(&[1, 6, 8, 16, 17, 31, 70])];
    let (halo_in, halo_out) = (rng.padding(1), rng.padding(1));
    let input = arena.map(rng, shape, halo_in);
    let output = if rng.below(3) == 0 { input } else { arena.map(rng, shape, halo_out) };
    arena.fill(&input, || rng.float() * 8.0);
    (input, output)
}

/// The slope of a function at a number that its gradient reads, an input or an output.
pub(crate) fn slope_as_read(activation: Activation, read: f64) -> f64 {
    match activation {
        Activation::Sigmoid => read * (1.0 - read),
        Activation::Tanh => 1.0 - read * read,
        _ => derivative(activation, read),
    }
}

pub(crate) fn each_case(seed: u64, count: usize, case: impl Fn(Isa, &mut Rng)) {
    for isa in isas() {
        let mut rng = Rng(seed);
        (0..count).for_each(|_| case(isa, &mut rng));
    }
}

#[test]
fn activations() {
    each_case(10, 400, |isa, rng| {
        let mut arena = Arena::default();
        let (input, output) = in_and_out(rng, &mut arena);
        arena.close();
        let layer = Activate { input, output, activation: rng.pick(&ACTIVATIONS).into() };
        let what = format!("{} {layer:?}", isa.name());
        check(
            isa,
            &what,
            &arena,
            &output,
            |run, ws| activate(run, &layer.check(), ws),
            |y, x, c| {
                // As if the input had been rounded: near a zero of a function, that is much of the result.
                let value = arena.get(&input, y, x, c);
                activated(layer.activation.activation(), value, f64::from(f32::EPSILON) * value.abs())
            },
        );
    });
}

#[test]
fn prelu_with_slopes_of_each_kind() {
    each_case(11, 100, |isa, rng| {
        let mut arena = Arena::default();
        let (input, output) = in_and_out(rng, &mut arena);
        arena.close();
        let per = rng.pick(&PreluPer::ALL);
        let pixels = if per == PreluPer::Element { input.pixels() } else { 1 };
        let slopes = rng.floats(input.channels * pixels);
        let mut packed = vec![f32::NAN; 3 + pixels * padded(input.channels)];
        pack_slopes(input.channels, pixels, |at| slopes[at], &mut packed[3..]);
        let layer = PreluMap { input, output, weights: 3, per };
        let what = format!("{} {layer:?}", isa.name());
        check(
            isa,
            &what,
            &arena,
            &output,
            |run, ws| prelu(run, &layer.check(), &packed, ws),
            |y, x, c| {
                let value = arena.get(&input, y, x, c);
                let pixel = if pixels == 1 { 0 } else { y * input.width + x };
                let slope = f64::from(slopes[c * pixels + pixel]);
                near(if value < 0.0 { value * slope } else { value }, 1.0)
            },
        );
    });
}

#[test]
fn scale_and_shift() {
    each_case(12, 200, |isa, rng| {
        let mut arena = Arena::default();
        let (input, output) = in_and_out(rng, &mut arena);
        arena.close();
        let (scale, shift) = (rng.floats(input.channels), rng.floats(input.channels));
        let mut packed = vec![f32::NAN; scale_shift_len(input.channels)];
        let affine = |c: usize| Affine { scale: scale[c].into(), shift: shift[c].into() };
        pack_scale_shift(input.channels, affine, &mut packed);
        let layer = ScaleShift { input, output, weights: 0, activation: rng.pick(&ACTIVATIONS).into() };
        let what = format!("{} {layer:?}", isa.name());
        check(
            isa,
            &what,
            &arena,
            &output,
            |run, ws| scale_shift(run, &layer.check(), &packed, ws),
            |y, x, c| {
                let product = arena.get(&input, y, x, c) * f64::from(scale[c]);
                // Two roundings of numbers up to 9.
                activated(
                    layer.activation.activation(),
                    product + f64::from(shift[c]),
                    2.0 * 9.0 * f64::from(f32::EPSILON),
                )
            },
        );
    });
}

#[test]
fn lrn_of_random_shapes() {
    each_case(13, 200, |isa, rng| {
        let mut arena = Arena::default();
        let shape = [rng.pick(&[1, 3]), rng.pick(&[1, 4]), rng.pick(&[1, 2, 6, 8, 16, 17, 31, 96])];
        let input = arena.map(rng, shape, Padding::NONE);
        let output = arena.map(rng, shape, Padding::NONE);
        arena.fill(&input, || rng.float() * 8.0);
        arena.close();
        let beta = rng.pick(&[0.75, 0.75, 0.5, 1.3]);
        let size = rng.pick(&[1, 2, 3, 4, 5, 5, 9, 40]);
        let window = rng.pick(&LrnWindow::ALL);
        let constants = Lrn { size, window, alpha: 0.1, beta, k: rng.pick(&[1.0, 2.0]) };
        let layer = LrnMap { input, output, lrn: constants };
        let what = format!("{} {layer:?}", isa.name());
        check(
            isa,
            &what,
            &arena,
            &output,
            |run, ws| lrn(run, &layer.check(), ws),
            |y, x, c| {
                let [before, after] = constants.reach();
                let around = c.saturating_sub(before)..=(c + after).min(input.channels - 1);
                let sum: f64 = around.map(|c| arena.get(&input, y, x, c).powi(2)).sum();
                let base = f64::from(constants.k) + f64::from(constants.alpha) * sum;
                // The sum of up to 41 squares is off by up to 41 half ulps; then roots, products and a quotient.
                near(arena.get(&input, y, x, c) / base.powf(beta.into()), 32.0)
            },
        );
    });
}

#[test]
fn softmax_of_a_million_equal_numbers() {
    const LEN: usize = 1_000_003;
    for isa in isas() {
        let mut ws = vec![0.3_f32; LEN + 64];
        let map = Map::vector(0, LEN);
        softmax(Run::new(isa), &SoftmaxMap { input: map, output: map }.check(), &mut ws);
        let error = (f64::from(ws[LEN / 2]) * LEN as f64 - 1.0).abs();
        assert!(error < 5e-7, "{}: {error:e}", isa.name());
        ws[..LEN].fill(0.3);
        let mut rng = Rng(3);
        ws[..LEN].iter_mut().for_each(|x| *x = rng.float());
        let exact: f64 = ws[..LEN].iter().map(|x| f64::from(*x).exp()).sum();
        let expected = f64::from(ws[7]).exp() / exact;
        softmax(Run::new(isa), &SoftmaxMap { input: map, output: map }.check(), &mut ws);
        let error = (f64::from(ws[7]) / expected - 1.0).abs();
        assert!(error < 5e-7, "{}: {error:e}", isa.name());
    }
}

/// An infinite sum of squares makes 0 of what is finite and a NaN of what is not; what has no share in it stays as it is.
#[test]
fn lrn_of_large_values() {
    for isa in isas() {
        for (size, beta, large) in [
            (5, 0.75, 3e37_f32),
            (5, 0.75, f32::INFINITY),
            (5, 0.75, f32::NAN),
            (3, 0.75, 3e37),
            (5, 0.5, f32::INFINITY),
        ] {
            for (channels, at) in [(1, 0), (7, 3), (40, 0), (40, 17), (40, 39), (96, 50)] {
                let mut ws = vec![0.0; 2 * channels + 64];
                ws[..channels].fill(1.0);
                ws[at] = large;
                let input = Map { offset: 0, height: 1, width: 1, channels, row: channels, pixel: channels };
                let output = Map { offset: channels, ..input };
                let lrn = Lrn { size, window: LrnWindow::Paper, alpha: 1.0, beta, k: 1.0 };
                cnn_runtime::kernels::norm::lrn(Run::new(isa), &LrnMap { input, output, lrn }.check(), &mut ws);
                for c in 0..channels {
                    let found = ws[channels + c];
                    let what = format!("{} {large} in channel {at} of {channels}, {size}: [{c}] {found}", isa.name());
                    match (c.abs_diff(at) <= size / 2, c == at) {
                        (false, _) => assert!(found > 0.1 && found < 1.0, "{what}"),
                        (true, true) if large.is_finite() => assert_eq!(found, 0.0, "{what}"),
                        (true, true) => assert!(found.is_nan(), "{what}"),
                        (true, false) if large.is_nan() => assert!(found.is_nan(), "{what}"),
                        (true, false) => assert_eq!(found, 0.0, "{what}"),
                    }
                }
            }
        }
    }
}

#[test]
fn softmax_and_its_logarithm() {
    each_case(14, 200, |isa, rng| {
        let mut arena = Arena::default();
        let (input, output) = in_and_out(rng, &mut arena);
        let shift = rng.pick(&[0.0, 0.0, 1e4, -1e4]);
        indices(&input).into_iter().for_each(|at| arena.ws[at] += shift);
        arena.close();
        let sum = |y: usize, x: usize, largest: f64| -> f64 {
            (0..input.channels).map(|c| (arena.get(&input, y, x, c) - largest).exp()).sum()
        };
        let largest = |y: usize, x: usize| {
            (0..input.channels).map(|c| arena.get(&input, y, x, c)).fold(f64::NEG_INFINITY, f64::max)
        };
        let what = format!("{} {input:?}", isa.name());
        check(
            isa,
            &what,
            &arena,
            &output,
            |run, ws| softmax(run, &SoftmaxMap { input, output }.check(), ws),
            |y, x, c| {
                let largest = largest(y, x);
                // exp within 2 ulp, a sum of 70 in up to 18 vectors, a quotient; the difference from the largest is up to 16,
                // and half an ulp of that is 8 of the result.
                near((arena.get(&input, y, x, c) - largest).exp() / sum(y, x, largest), 32.0)
            },
        );
        check(
            isa,
            &what,
            &arena,
            &output,
            |run, ws| log_softmax(run, &SoftmaxMap { input, output }.check(), ws),
            |y, x, c| {
                let largest = largest(y, x);
                let value = arena.get(&input, y, x, c) - largest - sum(y, x, largest).ln();
                Expected { value, tolerance: 24.0 * f64::from(f32::EPSILON) }
            },
        );
    });
}

/// Clamps in registers and in passes let a NaN through, as does everything else but the step.
/// Not all functions have a number where their argument has none: `-inf * 0` is NaN, as PyTorch's are.
#[test]
fn functions_of_nan_and_infinity() {
    for isa in isas() {
        for activation in ACTIVATIONS {
            for x in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 3e38, -3e38] {
                let mut ws = vec![x; 32];
                let map = Map::vector(0, 9);
                activate(
                    isa.into(),
                    &Activate { input: map, output: map, activation: activation.into() }.check(),
                    &mut ws,
                );
                // What is larger than single precision has is infinite.
                let expected = formula(activation, x.into()) as f32;
                let near = |y: f32| {
                    y == expected
                        || y.is_nan() && expected.is_nan()
                        || expected.is_finite() && (y - expected).abs() <= 1e-6 * expected.abs()
                };
                let what = format!("{} {activation:?} of {x}: {}, not {expected}", isa.name(), ws[0]);
                assert!(ws[..9].iter().all(|y| near(*y)), "{what}");
                #[cfg(feature = "alloc")]
                assert!(near(cnn_runtime::reference::activate(activation, x.into()) as f32), "the reference: {what}");
            }
        }
    }
}

#[test]
fn softmax_of_nan_and_infinity() {
    use f32 as F;
    // What PyTorch gives: NaN if anything is NaN or infinite, but for what is infinitely small compared with others.
    for (special, expected) in
        [(F::NAN, F::NAN), (F::INFINITY, F::NAN), (F::NEG_INFINITY, 0.0), (3e38, 1.0), (-3e38, 0.0)]
    {
        for isa in isas() {
            for at in 0..19 {
                let map = Map::vector(0, 19);
                let mut ws = vec![1.0; 64];
                ws[at] = special;
                let mut logarithms = ws.clone();
                let layer = SoftmaxMap { input: map, output: map }.check();
                softmax(isa.into(), &layer, &mut ws);
                log_softmax(isa.into(), &layer, &mut logarithms);
                let same = |a: f32, b: f32| a == b || a.is_nan() && b.is_nan();
                let what = format!("{}, {special} at {at}: {:?}", isa.name(), &ws[..19]);
                assert!(same(ws[at], expected), "{what}");
                let rest = (0..19).filter(|other| *other != at);
                let each = if expected.is_nan() { F::NAN } else { (1.0 - expected) / 18.0 };
                assert!(rest.clone().all(|other| same(ws[other], each) || (ws[other] - each).abs() < 1e-7), "{what}");
                assert!(
                    rest.chain([at])
                        .all(|c| same(ws[c], logarithms[c].exp()) || (ws[c] - logarithms[c].exp()).abs() < 1e-6)
                );
            }
        }
    }
}

#[test]
fn nan_passes_through() {
    for isa in isas() {
        for activation in ACTIVATIONS {
            let mut ws = vec![f32::NAN; 32];
            let map = Map::vector(0, 9);
            activate(isa.into(), &Activate { input: map, output: map, activation: activation.into() }.check(), &mut ws);
            add(
                isa.into(),
                &Merge { inputs: &[map, map], output: map, activation: activation.into() }.check(),
                &mut ws,
            );
            let step = activation == Activation::Step;
            assert!(step || (0..9).all(|c| ws[index(&map, 0, 0, c)].is_nan()), "{} {activation:?}", isa.name());
        }
    }
}

/// What a kernel makes of a vector.
fn close(name: &str, isa: Isa, found: &[f32], expected: &[f32]) {
    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-6 * b.abs().max(1.0);
    let what = format!("{} {name}: {found:?}, not {expected:?}", isa.name());
    assert!(found.len() == expected.len() && found.iter().zip(expected).all(near), "{what}");
}

#[test]
fn small_softmaxes() {
    for isa in isas() {
        for (name, input, expected) in [
            ("a single number", &[5.0_f32][..], &[1.0_f32][..]),
            ("two equal numbers", &[-3.0, -3.0], &[0.5, 0.5]),
            ("odds of one to three", &[0.0, 3.0_f32.ln()], &[0.25, 0.75]),
            ("numbers whose exponentials overflow", &[1000.0, 1000.0], &[0.5, 0.5]),
            ("one that is negligible", &[0.0, -1000.0], &[1.0, 0.0]),
            ("a vector and a number", &[2.0; 5], &[0.2; 5]),
        ] {
            let map = Map::vector(0, input.len());
            let mut ws = [input, &[f32::NAN; 64]].concat();
            softmax(isa.into(), &SoftmaxMap { input: map, output: map }.check(), &mut ws);
            close(name, isa, &ws[..input.len()], expected);
            ws[..input.len()].copy_from_slice(input);
            log_softmax(isa.into(), &SoftmaxMap { input: map, output: map }.check(), &mut ws);
            let exps: Vec<f32> = ws[..input.len()].iter().map(|x| x.exp()).collect();
            close(&format!("logarithms of {name}"), isa, &exps, expected);
        }
    }
}

#[test]
fn small_normalisations() {
    let lrn = |size, beta| Lrn { size, window: LrnWindow::Paper, alpha: 1.0, beta, k: 1.0 };
    for isa in isas() {
        for (name, lrn, input, expected) in [
            ("zero stays zero", lrn(5, 0.75), &[0.0_f32][..], &[0.0_f32][..]),
            ("a channel alone", lrn(1, 0.5), &[3.0_f32.sqrt()], &[3.0_f32.sqrt() / 2.0]),
            ("a window of one channel", lrn(1, 1.0), &[1.0, 2.0], &[0.5, 0.4]),
            ("a window over the neighbours", lrn(3, 1.0), &[1.0, 1.0, 1.0], &[1.0 / 3.0, 0.25, 1.0 / 3.0]),
            ("a window wider than the channels", lrn(9, 1.0), &[1.0, 1.0], &[1.0 / 3.0, 1.0 / 3.0]),
        ] {
            let (from, to) = (Map::vector(0, input.len()), Map::vector(input.len(), input.len()));
            let mut ws = [input, &[0.0; 64]].concat();
            let layer = LrnMap { input: from, output: to, lrn };
            cnn_runtime::kernels::norm::lrn(isa.into(), &layer.check(), &mut ws);
            close(name, isa, &ws[input.len()..][..input.len()], expected);
        }
    }
}

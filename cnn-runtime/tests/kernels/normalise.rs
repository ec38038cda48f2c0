//! Normalisation by the statistics of the input itself, and gated linear units.

use cnn_net::op::{Norm, Over};
use cnn_runtime::kernels::glu::{Gate, glu};
use cnn_runtime::kernels::grn::{GrnMap, grn};
use cnn_runtime::kernels::normalise::{Normalise, normalise};
use cnn_runtime::pack::{Affine, pack_gains};
use cnn_runtime::place::map::Map;

use crate::elementwise::{each_case, in_and_out};
use crate::support::{Arena, Expected, Rng, check, indices, isas};

const EPSILON: f64 = f32::EPSILON as f64;

/// Any normalisation that fits these channels.
fn any(rng: &mut Rng, channels: usize) -> Norm {
    let over = rng.pick(&[Over::Channels, Over::All]);
    let (eps, affine) = (rng.pick(&[1e-5, 1e-2]), rng.below(3) > 0);
    let divisors: Vec<usize> = (1..=channels).filter(|groups| channels.is_multiple_of(*groups)).collect();
    let groups = rng.pick(&divisors);
    rng.pick(&[
        Norm::Layer { over, eps, affine },
        Norm::Group { groups, eps, affine },
        Norm::Instance { eps, affine },
        Norm::Rms { over, eps, affine },
        Norm::L2 { over, eps },
    ])
}

/// The numbers that are normalised together with those of a channel and a pixel.
fn set(arena: &Arena, map: &Map, norm: &Norm, [y, x, c]: [usize; 3]) -> Vec<f64> {
    let Some(groups) = norm.groups(map.channels) else {
        return (0..map.channels).map(|c| arena.get(map, y, x, c)).collect();
    };
    let group = map.channels / groups;
    let channels = c / group * group..(c / group + 1) * group;
    let all = (0..map.height).flat_map(|y| (0..map.width).map(move |x| (y, x)));
    all.flat_map(|(y, x)| channels.clone().map(move |c| arena.get(map, y, x, c))).collect()
}

/// What a number becomes, before gain and shift.
fn normalised(norm: &Norm, set: &[f64], x: f64) -> f64 {
    let (count, eps) = (set.len() as f64, f64::from(norm.eps()));
    let squares = |mean: f64| set.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    let mean = set.iter().sum::<f64>() / count;
    match norm {
        Norm::L2 { .. } => x / squares(0.0).sqrt().max(eps),
        _ if norm.is_centred() => (x - mean) / (squares(mean) / count + eps).sqrt(),
        _ => x / (squares(0.0) / count + eps).sqrt(),
    }
}

#[test]
fn normalisations_even_of_large_means() {
    each_case(80, 250, |isa, rng| {
        let mut arena = Arena::default();
        let (input, output) = in_and_out(rng, &mut arena);
        let shift = rng.pick(&[0.0, 0.0, 3.0, 1e3, -1e4]);
        indices(&input).into_iter().for_each(|at| arena.ws[at] += shift);
        arena.close();
        let norm = any(rng, input.channels);
        let pixels = if norm.is_per_element() { input.pixels() } else { 1 };
        let (gains, shifts) = (rng.floats(input.channels * pixels), rng.floats(input.channels * pixels));
        let mut packed = vec![f32::NAN; 5];
        let layer = Normalise { input, output, norm, weights: 5 };
        packed.resize(5 + layer.layout().len(), f32::NAN);
        let affine = |at: usize| Affine { scale: 1.0, shift: shifts[at].into() };
        pack_gains(input.channels, pixels, |at| gains[at], affine, &mut packed[5..]);
        let what = format!("{} {layer:?}, {shift}", isa.name());
        check(
            isa,
            &what,
            &arena,
            &output,
            |run, ws| normalise(run, &layer.check(), &packed, ws),
            |y, x, c| {
                let value = normalised(&norm, &set(&arena, &input, &norm, [y, x, c]), arena.get(&input, y, x, c));
                let at = if pixels == 1 { c } else { c * pixels + y * input.width + x };
                let (gain, shift) = (f64::from(gains[at]), f64::from(shifts[at]));
                Expected { value: value * gain + shift, tolerance: 16.0 * EPSILON * (value * gain).abs() + 1e-6 }
            },
        );
    });
}

/// The mean of a large map is exact enough for deviations that are a millionth of it, and equal numbers have none.
#[test]
fn statistics_of_a_large_map() {
    const CHANNELS: usize = 3;
    for isa in isas() {
        let map = Map::dense(0, 300, 350, CHANNELS);
        let mut rng = Rng(81);
        let input: Vec<f32> = (0..map.elements()).map(|_| 4096.0 + 0.01 * rng.float()).collect();
        let packed = [[1.0_f32; 16], [0.0; 16]].concat();
        for norm in [
            Norm::Layer { over: Over::All, eps: 0.0, affine: false },
            Norm::Instance { eps: 0.0, affine: false },
            Norm::Group { groups: 3, eps: 0.0, affine: true },
        ] {
            let mut ws = [&input[..], &[0.0; 64]].concat();
            let layer = Normalise { input: map, output: map, norm, weights: 0 };
            normalise(isa.into(), &layer.check(), &packed, &mut ws);
            let channels = |c: usize| norm.groups(CHANNELS) == Some(1) || c == 1;
            let set: Vec<f64> = input
                .iter()
                .enumerate()
                .filter(|(at, _)| channels(at % CHANNELS))
                .map(|(_, x)| f64::from(*x))
                .collect();
            for at in [1, 4, map.elements() - 2] {
                let expected = normalised(&norm, &set, input[at].into());
                let error = (f64::from(ws[at]) - expected).abs();
                assert!(error < 2e-6, "{} {norm:?} {}, not {expected}", isa.name(), ws[at]);
            }
        }
        let mut ws = vec![77_777.7; map.elements() + 64];
        let norm = Norm::Layer { over: Over::All, eps: 1e-5, affine: false };
        let layer = Normalise { input: map, output: map, norm, weights: 0 };
        normalise(isa.into(), &layer.check(), &packed, &mut ws);
        assert!(ws[..map.elements()].iter().all(|x| x.abs() < 1e-5), "{} {}", isa.name(), ws[0]);
    }
}

/// What is normalised together with a NaN is NaN, and nothing else.
#[test]
fn nan_spreads_over_its_set() {
    let packed = [[1.0_f32; 32], [0.0; 32]].concat();
    for isa in isas() {
        for channels in [1, 6, 16, 17] {
            let map = Map::dense(0, 2, 3, channels);
            for norm in [
                Norm::Layer { over: Over::Channels, eps: 1e-5, affine: false },
                Norm::Group { groups: channels, eps: 1e-5, affine: true },
                Norm::Group { groups: 1, eps: 1e-5, affine: true },
                Norm::Instance { eps: 1e-5, affine: false },
                Norm::Rms { over: Over::Channels, eps: 1e-5, affine: false },
                Norm::L2 { over: Over::All, eps: 1e-5 },
            ] {
                let at = map.elements() / 2;
                let mut ws: Vec<f32> = (0..map.elements() + 64).map(|x| x as f32).collect();
                ws[at] = f32::NAN;
                let layer = Normalise { input: map, output: map, norm, weights: 0 };
                normalise(isa.into(), &layer.check(), &packed, &mut ws);
                for (other, found) in ws.iter().enumerate().take(map.elements()) {
                    let together = match norm.groups(channels) {
                        None => other / channels == at / channels,
                        Some(1) => true,
                        Some(_) => other % channels == at % channels,
                    };
                    assert_eq!(found.is_nan(), together, "{} {norm:?} {channels} {other}", isa.name());
                }
            }
        }
    }
}

/// The lengths of channels, some of which may be zeros, in maps with halos, of slices, in place.
#[test]
fn global_responses() {
    each_case(83, 250, |isa, rng| {
        let mut arena = Arena::default();
        let (input, output) = in_and_out(rng, &mut arena);
        let zeros = rng.below(input.channels + 1);
        indices(&input).into_iter().filter(|at| at % input.channels == zeros).for_each(|at| arena.ws[at] = 0.0);
        arena.close();
        let (channels, eps) = (input.channels, rng.pick(&[1e-6, 0.5]));
        let (gains, shifts) = (rng.floats(channels), rng.floats(channels));
        let layer = GrnMap::new(input, output, eps).weights(5).scratch(arena.ws.len());
        let mut packed = vec![f32::NAN; 5 + layer.layout().len()];
        let affine = |at: usize| Affine { scale: 1.0, shift: shifts[at].into() };
        pack_gains(channels, 1, |at| gains[at], affine, &mut packed[5..]);
        let all = |c: usize| {
            let pixels = (0..input.height).flat_map(|y| (0..input.width).map(move |x| (y, x)));
            pixels.map(|(y, x)| arena.get(&input, y, x, c).powi(2)).sum::<f64>().sqrt()
        };
        let lengths: Vec<f64> = (0..channels).map(all).collect();
        let whole = lengths.iter().sum::<f64>() / channels as f64 + f64::from(eps);
        check(
            isa,
            &format!("{} {layer:?}", isa.name()),
            &arena,
            &output,
            |run, ws| {
                let mut all = ws.to_vec();
                all.resize(ws.len() + GrnMap::scratch_floats(channels), f32::NAN);
                grn(run, &layer.check(), &packed, &mut all);
                ws.copy_from_slice(&all[..ws.len()]);
            },
            |y, x, c| {
                let (value, compared) = (arena.get(&input, y, x, c), lengths[c] / whole);
                let (gain, shift) = (f64::from(gains[c]), f64::from(shifts[c]));
                let most = (value * (1.0 + (gain * compared).abs())).abs() + shift.abs();
                Expected { value: value + value * gain * compared + shift, tolerance: 8.0 * EPSILON * most + 1e-37 }
            },
        );
    });
}

/// Each map has a length, and all have their mean.
#[test]
fn nan_spreads_over_all_responses() {
    let packed = [[1.0_f32; 32], [0.0; 32]].concat();
    for isa in isas() {
        for channels in [1, 6, 16, 17] {
            let map = Map::dense(0, 2, 3, channels);
            let mut ws: Vec<f32> = (0..map.elements() + 128).map(|x| x as f32).collect();
            ws[map.elements() / 2] = f32::NAN;
            grn(isa.into(), &GrnMap::new(map, map, 1e-6).scratch(map.elements() + 16).check(), &packed, &mut ws);
            assert!(ws[..map.elements()].iter().all(|x| x.is_nan()), "{} {channels}", isa.name());
        }
    }
}

#[test]
fn gated_linear_units() {
    each_case(82, 150, |isa, rng| {
        let mut arena = Arena::default();
        let (height, width, half) = (rng.pick(&[1, 2, 5]), rng.pick(&[1, 3, 8]), rng.pick(&[1, 6, 8, 17, 35]));
        let (halo_in, halo_out) = (rng.padding(1), rng.padding(1));
        let input = arena.map(rng, [height, width, 2 * half], halo_in);
        let output = arena.map(rng, [height, width, half], halo_out);
        arena.fill(&input, || rng.float() * 8.0);
        arena.close();
        let what = format!("{} {input:?}", isa.name());
        check(
            isa,
            &what,
            &arena,
            &output,
            |run, ws| glu(run, &Gate { input, output }.check(), ws),
            |y, x, c| {
                let value = arena.get(&input, y, x, c) / (1.0 + (-arena.get(&input, y, x, half + c)).exp());
                Expected { value, tolerance: 6.0 * EPSILON * value.abs() + 1e-37 }
            },
        );
    });
}

//! Batch normalisation in training, and its gradients.

use cnn_net::op::{BatchNorm, Padding};
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::gradient::batch_norm::{
    BatchNormGradient, BatchNormInputGradient, batch_norm_gradient, batch_norm_input_gradient,
};
use cnn_runtime::kernels::minibatch::batch_norm::{
    BatchNormRunning, BatchNormStatistics, NormTensors, batch_norm_running, batch_norm_statistics,
};
use cnn_runtime::kernels::norm::{ScaleShift, scale_shift};
use cnn_runtime::pack::padded;
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::Batch;
use cnn_runtime::reference::{BatchNormSteps, RunningVariance, Statistics, Tensor, batch_norm_training, gradient};

use super::{assert_close, minibatch, run_batch, same_bits, tensors};
use crate::elementwise::each_case;
use crate::support::{Arena, Rng, index, on_pools};

/// A layer, its parameters, and a minibatch.
struct Case {
    input: Map,
    upstream: Map,
    output: Map,
    /// Where sums may be.
    scratch: usize,
    batch: Batch,
    ws: Vec<f32>,
    norm: BatchNorm,
    tensors: NormTensors,
    /// Tensors, then room for a scale and a shift, statistics, coefficients, and two gradients.
    shared: Vec<f32>,
    /// Where these begin.
    at: [usize; 5],
    /// Of the inputs.
    mean: f32,
}

impl Case {
    fn new(rng: &mut Rng, means: &[f32]) -> Self {
        let mut arena = Arena::default();
        let size = [1 + rng.below(7), rng.pick(&[4, 5, 31, 40]), rng.pick(&[1, 3, 8, 16, 17, 37])];
        let channels = size[2];
        let halos = [(); 3].map(|()| rng.padding(1));
        let [input, upstream, output] = halos.map(|halo| arena.map(rng, size, halo));
        let scratch = arena.map(rng, [1, 1, BatchNormStatistics::scratch_len(channels)], Padding::NONE).offset;
        arena.close();
        let mean = rng.pick(means);
        let (batch, ws) = minibatch(rng, &arena, &[input, upstream], |rng| mean + rng.float());
        let mut shared = vec![f32::NAN; 3];
        let mut tensor = |rng: &mut Rng, least: f32| {
            shared.extend(rng.floats(channels).into_iter().map(|x| x + least));
            shared.len() - channels
        };
        let affine = rng.below(4) > 0;
        let tensors = NormTensors {
            var: tensor(rng, 1.5),
            weight: affine.then(|| tensor(rng, 0.0)),
            mean: tensor(rng, mean),
            bias: affine.then(|| tensor(rng, 0.0)),
        };
        let first = shared.len();
        let row = padded(channels);
        let at = [first, first + 2 * row, first + 4 * row, first + 7 * row, first + 7 * row + channels];
        shared.resize(at[4] + channels + 5, f32::NAN);
        let norm = BatchNorm::new(1e-5, rng.pick(&[0.1, 0.9])).affine(affine);
        Self { input, upstream, output, scratch, batch, ws, norm, tensors, shared, at, mean }
    }

    fn channels(&self) -> usize {
        self.input.channels
    }

    fn tensor(&self, at: usize) -> &[f32] {
        &self.shared[at..][..self.channels()]
    }

    fn scratch(&self) -> std::ops::Range<usize> {
        self.scratch..self.scratch + BatchNormStatistics::scratch_len(self.channels())
    }

    /// The layer by the reference.
    fn steps(&self) -> BatchNormSteps {
        let NormTensors { weight, bias, mean, var } = self.tensors;
        let ([weight, bias], [mean, var]) =
            ([weight, bias].map(|at| Some(self.tensor(at?))), [mean, var].map(|at| self.tensor(at)));
        let inputs = tensors(&self.input, self.batch, &self.ws);
        let statistics = Statistics { weight, bias, mean, var };
        batch_norm_training(&self.norm, &inputs, &statistics, RunningVariance::Unbiased)
    }

    fn statistics(&self) -> BatchNormStatistics {
        let [to, statistics, ..] = self.at;
        BatchNormStatistics {
            scratch: self.scratch,
            ..BatchNormStatistics::new(self.input, self.norm, self.tensors, to, statistics)
        }
    }

    /// What is left of the shared floats after the statistics.
    fn after_statistics(&self, isa: Isa, what: &str) -> Vec<f32> {
        let layer = self.statistics().check();
        run_batch(isa, what, [&self.ws, &self.shared], self.batch, self.scratch(), |run, ws, shared| {
            batch_norm_statistics(run, &layer, self.batch, ws, shared);
        })
    }

    /// Runs an image kernel on each image, and gives the values of its output.
    fn images(&self, output: &Map, kernel: impl Fn(&mut [f32])) -> Vec<Tensor> {
        let mut ws = self.ws.clone();
        self.batch.split(&mut ws).for_each(kernel);
        tensors(output, self.batch, &ws)
    }
}

fn all(tensors: &[Tensor]) -> (Vec<f32>, Vec<f64>) {
    let numbers: Vec<f64> = tensors.iter().flat_map(|tensor| tensor.data.iter().copied()).collect();
    (numbers.iter().map(|x| *x as f32).collect(), numbers)
}

#[test]
fn statistics() {
    each_case(110, 60, |isa, rng| {
        let case = Case::new(rng, &[0.0, 1.0, -300.0]);
        let what = format!("{} {:?} {:?}", isa.name(), case.statistics(), case.batch);
        let (steps, channels) = (case.steps(), case.channels());
        let found = case.after_statistics(isa, &what);
        let row = padded(channels);
        // As if inputs had been rounded.
        let tolerance = 4e-6 * f64::from(case.mean.abs().max(1.0));
        let [scale_at, statistics_at, ..] = case.at;
        let factors: Vec<f64> = steps.var.iter().map(|var| 1.0 / (var + f64::from(case.norm.eps)).sqrt()).collect();
        assert_close(&what, &found[case.tensors.mean..][..channels], &steps.running_mean, 1e-6);
        assert_close(&what, &found[case.tensors.var..][..channels], &steps.running_var, 1e-5);
        assert_close(&what, &found[statistics_at..][..channels], &steps.mean, 1e-6);
        assert_close(&what, &found[statistics_at + row..][..channels], &factors, 1e-5);
        for (at, pad) in [scale_at, scale_at + row, statistics_at, statistics_at + row].map(|at| (at, row - channels)) {
            assert_eq!(found[at + channels..][..pad], vec![0.0; pad], "{what}: padding");
        }
        for (at, (now, before)) in found.iter().zip(&case.shared).enumerate() {
            let running =
                [case.tensors.mean, case.tensors.var].iter().any(|first| (*first..first + channels).contains(&at));
            let written = running || (scale_at..scale_at + 4 * row).contains(&at);
            assert!(written || now.to_bits() == before.to_bits(), "{what}: wrote {at}");
        }

        let layer = ScaleShift { weights: scale_at, ..ScaleShift::new(case.input, case.output) }.check();
        let outputs = case.images(&case.output, |ws| scale_shift(isa.into(), &layer, &found, ws));
        assert_close(&what, &all(&outputs).0, &all(&steps.output).1, tolerance);
    });
}

#[test]
fn gradients() {
    each_case(111, 80, |isa, rng| {
        let mut case = Case::new(rng, &[0.0, 0.5, 3.0]);
        let (steps, channels) = (case.steps(), case.channels());
        // The output of a `relu`: none of it is the upstream's.
        let relu = (rng.below(2) == 0).then_some(case.output);
        if let Some(relu) = relu {
            for (image, output) in steps.output.iter().enumerate() {
                for (y, x, c) in elements(&relu) {
                    let at = image * case.batch.floats + index(&relu, y, x, c);
                    case.ws[at] = (output.at(c, y, x) as f32).max(0.0);
                }
            }
        }
        let shared = case.after_statistics(isa, "statistics");
        let [_, statistics, to, of_weight, of_bias] = case.at;
        let layer = BatchNormGradient {
            relu,
            weight_gradient: rng.pick(&[None, Some(of_weight), Some(of_weight)]),
            bias_gradient: rng.pick(&[None, Some(of_bias), Some(of_bias)]),
            scratch: case.scratch,
            ..BatchNormGradient::new(case.input, case.upstream, case.tensors.weight, statistics, to)
        };
        let what = format!("{} {layer:?} {:?}", isa.name(), case.batch);
        let checked = layer.check();
        let found = run_batch(isa, &what, [&case.ws, &shared], case.batch, case.scratch(), |run, ws, shared| {
            batch_norm_gradient(run, &checked, case.batch, ws, shared);
        });

        let mut upstream = tensors(&case.upstream, case.batch, &case.ws);
        if let Some(relu) = relu {
            for (upstream, relu) in upstream.iter_mut().zip(tensors(&relu, case.batch, &case.ws)) {
                upstream.data.iter_mut().zip(&relu.data).for_each(|(slope, y)| *slope *= f64::from(*y > 0.0));
            }
        }
        let weight = case.tensors.weight.map(|at| case.tensor(at));
        let expected = gradient::batch_norm_training(&case.norm, &steps, weight, &upstream);
        // Sums in which most cancels: as if each term had been rounded.
        let terms: f64 = upstream.iter().flat_map(|upstream| &upstream.data).map(|x| x.abs()).sum();
        let tolerance = |numbers: &[f64]| {
            let largest = numbers.iter().fold(1e-6, |largest: f64, x| largest.max(x.abs()));
            1e-5_f64.max(1e-6 * terms / channels as f64 / largest)
        };
        for (at, wanted, expected) in
            [(of_weight, layer.weight_gradient, &expected.weight), (of_bias, layer.bias_gradient, &expected.bias)]
        {
            match wanted {
                Some(_) => assert_close(&what, &found[at..][..channels], expected, tolerance(expected)),
                None => assert!(found[at..][..channels].iter().all(|x| x.is_nan()), "{what}: not asked for"),
            }
        }
        check_inputs(isa, rng, &case, &steps, relu, &found, &expected.inputs);
    });
}

/// Row, column and channel of each element.
fn elements(map: &Map) -> impl Iterator<Item = (usize, usize, usize)> {
    let Map { height, width, channels, .. } = *map;
    (0..height).flat_map(move |y| (0..width).flat_map(move |x| (0..channels).map(move |c| (y, x, c))))
}

/// The gradients of the inputs, which may be written where the upstream is.
fn check_inputs(
    isa: Isa,
    rng: &mut Rng,
    case: &Case,
    steps: &BatchNormSteps,
    relu: Option<Map>,
    shared: &[f32],
    expected: &[Tensor],
) {
    let output = if relu.is_none() { rng.pick(&[case.output, case.upstream]) } else { case.upstream };
    let layer = BatchNormInputGradient {
        relu,
        weights: case.at[2],
        ..BatchNormInputGradient::new(case.input, case.upstream, output)
    };
    let what = format!("{} {layer:?}", isa.name());
    let checked = layer.check();
    let found = case.images(&output, |ws| batch_norm_input_gradient(isa.into(), &checked, shared, ws));
    // The terms of the sum are as large as the gradients of the normalised inputs, and those of the inputs larger by their mean.
    let steepest = steps.var.iter().fold(1.0, |most: f64, var| most.max(1.0 / var.sqrt()));
    let terms = steepest * (1.0 + f64::from(case.mean) * steepest);
    for (found, expected) in all(&found).0.iter().zip(all(expected).1) {
        assert!((f64::from(*found) - expected).abs() <= 2e-6 * terms, "{what}: {found}, not {expected}");
    }

    let mut alone = case.ws.clone();
    batch_norm_input_gradient(isa.into(), &checked, shared, &mut alone);
    on_pools(isa, |run: Run<'_>| {
        let mut ws = case.ws.clone();
        batch_norm_input_gradient(run, &checked, shared, &mut ws);
        assert!(same_bits(&ws, &alone), "{what}: other bits on {run:?}");
    });
}

#[test]
fn running_statistics() {
    each_case(112, 20, |isa, rng| {
        let case = Case::new(rng, &[0.0]);
        let (channels, row, [to, gradient, ..]) = (case.channels(), padded(case.channels()), case.at);
        let layer = BatchNormRunning {
            gradient: rng.pick(&[None, Some(gradient)]),
            ..BatchNormRunning::new(channels, case.norm.eps, case.tensors, to)
        };
        let mut found = case.shared.clone();
        batch_norm_running(isa.into(), &layer.check(), &mut found);
        let NormTensors { weight, bias, mean, var } = case.tensors;
        for c in 0..channels {
            let number = |at: usize| f64::from(case.shared[at + c]);
            let (weight, bias) = (weight.map_or(1.0, number), bias.map_or(0.0, number));
            let [mean, var] = [mean, var].map(number);
            let scale = weight / (var + f64::from(case.norm.eps)).sqrt();
            let expected = [scale, bias - mean * scale];
            let what = format!("{} {layer:?} {c}", isa.name());
            assert_close(&what, &[found[to + c], found[to + row + c]], &expected, 1e-6);
            if layer.gradient.is_some() {
                assert_eq!([found[gradient + c], found[gradient + row + c]], [found[to + c], 0.0], "{what}");
            }
        }
    });
}

#[test]
#[should_panic(expected = "what is written overlaps")]
fn statistics_are_apart() {
    let tensors = NormTensors::new(Some(0), Some(8), 16, 24);
    let _ = BatchNormStatistics::new(Map::dense(64, 2, 2, 8), BatchNorm::new(1e-5, 0.1), tensors, 32, 63).check();
}

//! Gradients of factors, slopes and gains.

use std::ops::Range;

use cnn_net::op::{Factor, Norm, Over, Padding, PreluPer};
use cnn_runtime::kernels::gradient::gains::{NormaliseWeightGradient, normalise_weight_gradient};
use cnn_runtime::kernels::gradient::grn::{GrnWeightGradient, grn_weight_gradient};
use cnn_runtime::kernels::gradient::parameters::{
    PreluWeightGradient, ScaleWeightGradient, prelu_weight_gradient, scale_weight_gradient,
};
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::Batch;
use cnn_runtime::reference::{Tensor, gradient};

use super::{assert_close, minibatch, run_batch, tensors};
use crate::elementwise::each_case;
use crate::support::{Arena, Rng};

/// The maps of a layer, and a minibatch.
struct Case {
    input: Map,
    upstream: Map,
    scratch: Range<usize>,
    batch: Batch,
    ws: Vec<f32>,
}

impl Case {
    fn new(rng: &mut Rng, sums: usize) -> Self {
        let mut arena = Arena::default();
        let size = [1 + rng.below(4), rng.pick(&[1, 3, 35]), 2 * rng.pick(&[1, 3, 8, 16, 17])];
        let halos = [(); 2].map(|()| rng.padding(1));
        let [input, upstream] = halos.map(|halo| arena.map(rng, size, halo));
        let len = 2 * sums * size[2];
        let first = arena.map(rng, [1, 1, len], Padding::NONE).offset;
        arena.close();
        let (batch, ws) = minibatch(rng, &arena, &[input, upstream], Rng::float);
        Self { input, upstream, scratch: first..first + len, batch, ws }
    }

    /// Input and upstream of each image.
    fn images(&self) -> Vec<(Tensor, Tensor)> {
        let [inputs, upstreams] = [self.input, self.upstream].map(|map| tensors(&map, self.batch, &self.ws));
        inputs.into_iter().zip(upstreams).collect()
    }
}

/// The sums of numbers, place by place.
fn sums(all: impl Iterator<Item = Vec<f64>>) -> Vec<f64> {
    all.reduce(|a, b| a.iter().zip(&b).map(|(a, b)| a + b).collect()).unwrap_or_default()
}

#[test]
fn factors() {
    each_case(160, 60, |isa, rng| {
        let case = Case::new(rng, 1);
        let factor = rng.pick(&[Factor::Channel, Factor::Tensor]);
        let total = factor == Factor::Tensor;
        let layer = ScaleWeightGradient::new(case.input, case.upstream, 2).total(total).scratch(case.scratch.start);
        let what = format!("{} {layer:?} {:?}", isa.name(), case.batch);
        let len = if total { 1 } else { case.input.channels };
        let shared = vec![f32::NAN; len + 5];
        let found = run_batch(isa, &what, [&case.ws, &shared], case.batch, case.scratch.clone(), |run, ws, shared| {
            scale_weight_gradient(run, &layer.check(), case.batch, ws, shared);
        });
        let weight = vec![0.0_f32; len];
        let of_image = |(x, upstream): &(Tensor, Tensor)| gradient::scale(factor, x, &weight, upstream).weight;
        let expected = sums(case.images().iter().map(of_image));
        // Channels of a total may cancel each other.
        assert_close(&what, &found[2..2 + len], &expected, if total { 2e-5 } else { 2e-6 });
        assert_eq!(found.iter().filter(|x| !x.is_nan()).count(), len, "{what}");
    });
}

#[test]
fn slopes() {
    each_case(161, 60, |isa, rng| {
        let case = Case::new(rng, 1);
        let per = rng.pick(&PreluPer::ALL);
        let layer = PreluWeightGradient::new(case.input, case.upstream, per, 2).scratch(case.scratch.start);
        let what = format!("{} {layer:?} {:?}", isa.name(), case.batch);
        let len = match per {
            PreluPer::Channel => case.input.channels,
            PreluPer::Element => case.input.elements(),
            PreluPer::Tensor => 1,
        };
        let shared = vec![f32::NAN; len + 5];
        let found = run_batch(isa, &what, [&case.ws, &shared], case.batch, case.scratch.clone(), |run, ws, shared| {
            prelu_weight_gradient(run, &layer.check(), case.batch, ws, shared);
        });
        let weight = vec![0.25_f32; len];
        let of_image = |(x, upstream): &(Tensor, Tensor)| gradient::prelu(per, x, &weight, upstream).weight;
        let expected = sums(case.images().iter().map(of_image));
        assert_close(&what, &found[2..2 + len], &expected, 2e-6);
        assert_eq!(found.iter().filter(|x| !x.is_nan()).count(), len, "{what}");
    });
}

#[test]
fn gains() {
    let (eps, affine) = (1e-3, true);
    let norms = [
        Norm::Layer { over: Over::Channels, eps, affine },
        Norm::Layer { over: Over::All, eps, affine },
        Norm::Group { groups: 2, eps, affine },
        Norm::Instance { eps, affine },
        Norm::Rms { over: Over::Channels, eps, affine },
        Norm::Rms { over: Over::All, eps, affine },
    ];
    each_case(162, 120, |isa, rng| {
        let (case, norm) = (Case::new(rng, 2), rng.pick(&norms));
        let len = if norm.is_per_element() { case.input.elements() } else { case.input.channels };
        let layer = NormaliseWeightGradient {
            weight: rng.pick(&[None, Some(2), Some(2)]),
            bias: rng.pick(&[None, Some(3 + len), Some(3 + len)]),
            scratch: case.scratch.start,
            ..NormaliseWeightGradient::new(case.input, case.upstream, norm)
        };
        let what = format!("{} {layer:?} {:?}", isa.name(), case.batch);
        let shared = vec![f32::NAN; 2 * len + 5];
        let found = run_batch(isa, &what, [&case.ws, &shared], case.batch, case.scratch.clone(), |run, ws, shared| {
            normalise_weight_gradient(run, &layer.check(), case.batch, ws, shared);
        });
        let weight = vec![0.5_f32; len];
        let of_image = |(x, upstream): &(Tensor, Tensor)| gradient::normalise(&norm, x, Some(&weight), upstream);
        let (weights, biases): (Vec<_>, Vec<_>) =
            case.images().iter().map(of_image).map(|found| (found.weight, found.bias)).unzip();
        let mut written = 0;
        for (at, wanted, expected) in [(2, layer.weight, weights), (3 + len, layer.bias, biases)] {
            if wanted.is_some() {
                assert_close(&what, &found[at..at + len], &sums(expected.into_iter()), 1e-5);
                written += len;
            }
        }
        assert_eq!(found.iter().filter(|x| !x.is_nan()).count(), written, "{what}");
    });
}

#[test]
fn gains_of_responses() {
    each_case(163, 120, |isa, rng| {
        let (case, eps) = (Case::new(rng, 3), rng.pick(&[1e-6, 0.5]));
        let len = case.input.channels;
        let layer = GrnWeightGradient {
            weight: rng.pick(&[None, Some(2), Some(2)]),
            bias: rng.pick(&[None, Some(3 + len), Some(3 + len)]),
            scratch: case.scratch.start,
            ..GrnWeightGradient::new(case.input, case.upstream, eps)
        };
        let what = format!("{} {layer:?} {:?}", isa.name(), case.batch);
        let shared = vec![f32::NAN; 2 * len + 5];
        let found = run_batch(isa, &what, [&case.ws, &shared], case.batch, case.scratch.clone(), |run, ws, shared| {
            grn_weight_gradient(run, &layer.check(), case.batch, ws, shared);
        });
        let weight = vec![0.5_f32; len];
        let of_image = |(x, upstream): &(Tensor, Tensor)| gradient::grn(eps, x, &weight, upstream);
        let (weights, biases): (Vec<_>, Vec<_>) =
            case.images().iter().map(of_image).map(|found| (found.weight, found.bias)).unzip();
        for (at, wanted, expected) in [(2, layer.weight, weights), (3 + len, layer.bias, biases)] {
            if wanted.is_some() {
                assert_close(&what, &found[at..at + len], &sums(expected.into_iter()), 1e-5);
            }
        }
        let written = len * (usize::from(layer.weight.is_some()) + usize::from(layer.bias.is_some()));
        assert_eq!(found.iter().filter(|x| !x.is_nan()).count(), written, "{what}");
    });
}

#[test]
#[should_panic(expected = "what is written overlaps")]
fn gains_and_shifts_are_apart() {
    let (input, upstream) = (Map::dense(0, 2, 2, 4), Map::dense(16, 2, 2, 4));
    let norm = Norm::Instance { eps: 1e-5, affine: true };
    let _ = NormaliseWeightGradient::new(input, upstream, norm).weight(Some(0)).bias(Some(3)).scratch(32).check();
}

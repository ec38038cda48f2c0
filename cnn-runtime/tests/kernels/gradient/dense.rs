//! Gradients of fully connected layers, over minibatches.

use cnn_net::op::{Linear, Padding};
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::gradient::dense::{
    DenseInputGradient, DenseWeightGradient, dense_input_gradient, dense_weight_gradient,
};
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::Batch;
use cnn_runtime::reference::{Tensor, gradient};

use super::{assert_near, same_bits, tensor};
use crate::elementwise::each_case;
use crate::support::{Arena, Rng, index, indices, on_pools};

/// A layer, the workspaces of a minibatch, and raw weights.
struct Case {
    input: Map,
    upstream: Map,
    batch: Batch,
    ws: Vec<f32>,
    weights: Vec<f32>,
}

impl Case {
    fn new(rng: &mut Rng) -> Self {
        let mut arena = Arena::default();
        let size = [rng.pick(&[1, 1, 2, 5]), rng.pick(&[1, 1, 3, 4]), rng.pick(&[1, 7, 16, 33, 70])];
        let halo = rng.padding(1);
        let input = arena.map(rng, size, halo);
        let outputs = rng.pick(&[1, 2, 4, 9, 16, 37]);
        let upstream = arena.map(rng, [1, 1, outputs], Padding::NONE);
        arena.close();
        let batch = Batch { images: rng.pick(&[1, 2, 5, 8]), floats: arena.ws.len() + rng.below(9) };
        let mut ws = Vec::new();
        for image in 0..batch.images {
            ws.extend_from_slice(&arena.ws);
            ws.resize((image + 1) * batch.floats, f32::NAN);
            for at in indices(&input).into_iter().chain(indices(&upstream)) {
                ws[image * batch.floats + at] = rng.float();
            }
        }
        let weights = rng.floats(input.elements() * upstream.channels);
        Self { input, upstream, batch, ws, weights }
    }

    /// The values of a map, for each image.
    fn values<'a>(&'a self, map: &'a Map) -> impl Iterator<Item = Tensor> + 'a {
        self.ws.chunks(self.batch.floats).map(|ws| tensor(map, ws))
    }

    /// Where the raw weight of an element of the input is in a row, if they are in the order height, width, channels.
    fn places(&self) -> Vec<usize> {
        let Map { height, width, channels, .. } = self.input;
        let place = |c: usize| move |pixel: usize| pixel * channels + c;
        (0..channels).flat_map(|c| (0..height * width).map(place(c))).collect()
    }

    /// The gradients by the reference: of each input, and of weights and bias. Its weights are in the order C, H, W.
    fn expected(&self) -> (Vec<Tensor>, Vec<f64>, Vec<f64>) {
        let (features, elements, places) = (self.upstream.channels, self.input.elements(), self.places());
        let rows = self.weights.chunks(elements);
        let reordered: Vec<f32> = rows.flat_map(|row| places.iter().map(move |place| row[*place])).collect();
        let (mut inputs, mut weight, mut bias) = (Vec::new(), vec![0.0; reordered.len()], vec![0.0; features]);
        for (input, upstream) in self.values(&self.input).zip(self.values(&self.upstream)) {
            let found = gradient::linear(&Linear::new(features), &input, &reordered, &upstream);
            for (at, gradient) in found.weight.iter().enumerate() {
                weight[at / elements * elements + places[at % elements]] += gradient;
            }
            bias.iter_mut().zip(&found.bias).for_each(|(sum, gradient)| *sum += gradient);
            inputs.extend(found.inputs);
        }
        (inputs, weight, bias)
    }
}

#[test]
fn weights() {
    each_case(70, 120, |isa, rng| {
        let mut case = Case::new(rng);
        let (_, expected, expected_bias) = case.expected();
        // Other gradients lie around these.
        let len = expected.len() + expected_bias.len() + 8;
        let bias = rng.pick(&[None, Some(1), Some(4 + expected.len())]);
        let weight = if bias == Some(1) { 4 + expected_bias.len() } else { 2 };
        let layer = DenseWeightGradient { input: case.input, upstream: case.upstream, weight, bias };
        let what = format!("{} {layer:?} {:?}", isa.name(), case.batch);
        let before = case.ws.clone();
        let mut run = |run: Run<'_>| {
            let mut gradients = vec![f32::NAN; len];
            dense_weight_gradient(run, &layer.check(), case.batch, &mut case.ws, &mut gradients);
            gradients
        };
        let found = run(isa.into());
        on_pools(isa, |pool| assert!(same_bits(&run(pool), &found), "{what}: other bits on {pool:?}"));
        assert!(same_bits(&case.ws, &before), "{what}: changed the workspace");
        let written = expected.len() + bias.map_or(0, |_| expected_bias.len());
        assert_eq!(found.iter().filter(|x| !x.is_nan()).count(), written, "{what}");
        for (at, expected) in expected.iter().enumerate() {
            assert_near(&what, found[weight + at], *expected, case.batch.images);
        }
        for (at, expected) in expected_bias.iter().enumerate().filter(|_| bias.is_some()) {
            assert_near(&what, found[bias.unwrap_or_default() + at], *expected, case.batch.images);
        }
    });
}

#[test]
fn inputs() {
    each_case(71, 120, |isa, rng| {
        let case = Case::new(rng);
        let (expected, _, _) = case.expected();
        let layer = DenseInputGradient { upstream: case.upstream, output: case.input, weights: 3 };
        let what = format!("{} {layer:?} {:?}", isa.name(), case.batch);
        let mut shared = [&[f32::NAN; 3], &case.weights[..]].concat();
        let mut run = |run: Run<'_>| {
            let mut ws = case.ws.clone();
            dense_input_gradient(run, &layer.check(), case.batch, &mut ws, &mut shared);
            ws
        };
        let found = run(isa.into());
        on_pools(isa, |pool| assert!(same_bits(&run(pool), &found), "{what}: other bits on {pool:?}"));
        check_inputs(&what, &case, &found, &expected);
    });
}

/// Each image has the gradient of its input, and nothing else has changed.
fn check_inputs(what: &str, case: &Case, found: &[f32], expected: &[Tensor]) {
    let mut rest = case.ws.clone();
    for (image, expected) in expected.iter().enumerate() {
        let first = image * case.batch.floats;
        for y in 0..case.input.height {
            for x in 0..case.input.width {
                for c in 0..case.input.channels {
                    let at = first + index(&case.input, y, x, c);
                    assert_near(what, found[at], expected.at(c, y, x), case.upstream.channels);
                    rest[at] = found[at];
                }
            }
        }
    }
    assert!(same_bits(&rest, found), "{what}: wrote outside of the gradients");
}

#[test]
#[should_panic(expected = "gradients overlap")]
fn gradients_of_weights_and_bias_are_apart() {
    let (input, upstream) = (Map::vector(0, 4), Map::vector(4, 2));
    let _ = DenseWeightGradient { input, upstream, weight: 0, bias: Some(7) }.check();
}

#[test]
#[should_panic(expected = "weights end early")]
fn gradients_must_fit() {
    let (input, upstream) = (Map::vector(0, 4), Map::vector(4, 2));
    let layer = DenseWeightGradient { input, upstream, weight: 1, bias: None }.check();
    let mut ws = [0.0; 6];
    dense_weight_gradient(Isa::best().into(), &layer, Batch::one(&[0.0; 6]), &mut ws, &mut [0.0; 8]);
}

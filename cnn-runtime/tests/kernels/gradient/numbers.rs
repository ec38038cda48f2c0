//! Losses whose targets are numbers, and sums of losses and hits.

use cnn_net::graph::{Graph, Input, Node, Output, Value};
use cnn_net::op::{Activation, Op, Padding};
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::gradient::loss::{
    CrossEntropy, NumbersLoss, binary_cross_entropy, cross_entropy, mean_squared, sum_of_images,
};
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::Batch;
use cnn_runtime::reference::Tensor;
use cnn_runtime::reference::training::{Mode, Parameters, Targets, forward};
use cnn_runtime::train::Loss;

use super::{shape, tensor};
use crate::elementwise::{each_case, in_and_out};
use crate::support::{Arena, Expected, check, isas};

/// The loss by the reference, the mean over all outputs, and its gradients.
fn expected(loss: Loss, outputs: &Map, ws: &[f32], targets: &[f32]) -> (f64, Tensor) {
    let shape = shape(outputs);
    let nodes = [Node::new("outputs", Op::Activation(Activation::Identity), &[Value::Input(0)], shape)];
    let (inputs, outputs_of) = ([Input::new("", shape)], [Output::new("", Value::Node(0))]);
    let (graph, parameters) = (Graph::new("Net", &inputs, &nodes, &outputs_of), Parameters::new());
    let image = tensor(outputs, ws).to_f32();
    let pass = forward(&graph, &parameters, &[&image], Mode::new(0, 0)).unwrap();
    let mut losses = pass.loss(loss, &Targets::Numbers(targets)).unwrap();
    (losses.loss, losses.gradients.remove(0).1.remove(0))
}

#[test]
fn losses() {
    each_case(130, 150, |isa, rng| {
        let mut arena = Arena::default();
        let (input, output) = in_and_out(rng, &mut arena);
        let at = arena.map(rng, [1, 1, 1], Padding::NONE).offset;
        arena.close();
        let layer = NumbersLoss { loss: at, weight: rng.pick(&[1.0, 0.25]), ..NumbersLoss::new(input, output) };
        let squared = rng.below(2) == 0;
        let targets: Vec<f32> = (0..input.elements())
            .map(|_| if squared { rng.float() * 8.0 } else { rng.pick(&[0.0, 1.0, 0.3]) })
            .collect();
        let loss = if squared { Loss::MeanSquared } else { Loss::BinaryCrossEntropy };
        let what = format!("{} {loss:?} {layer:?}", isa.name());
        let (mean, slopes) = expected(loss, &input, &arena.ws, &targets);
        let scale = f64::from(layer.weight) * input.elements() as f64;
        let checked = layer.check();
        let kernel = |run: Run<'_>, ws: &mut [f32]| {
            if squared {
                mean_squared(run, &checked, &targets, ws);
            } else {
                binary_cross_entropy(run, &checked, &targets, ws);
            }
        };
        // The loss is checked first, and then put where it will be, so that it counts as unchanged.
        let mut ws = arena.ws.clone();
        kernel(isa.into(), &mut ws);
        let off = (f64::from(ws[at]) - mean * scale).abs();
        assert!(off <= 2e-6 * scale * mean.abs().max(0.1), "{what}: {}, not {}", ws[at], mean * scale);
        arena.ws[at] = ws[at];
        check(isa, &what, &arena, &output, kernel, |y, x, c| {
            let value = slopes.at(c, y, x) * scale;
            Expected { value, tolerance: 1e-6 * value.abs().max(f64::from(layer.weight)) }
        });
    });
}

/// Logits that are large have a loss that is exact, or almost 0.
#[test]
fn losses_of_extreme_logits() {
    for isa in isas() {
        let map = Map::vector(0, 1);
        let layer = NumbersLoss { loss: 1, ..NumbersLoss::new(map, map) }.check();
        for (x, target, loss, slope) in
            [(1e4, 1.0, 0.0, 0.0), (1e4, 0.0, 1e4, 1.0), (-1e4, 1.0, 1e4, -1.0), (-1e4, 0.0, 0.0, 0.0)]
        {
            let mut ws = [x, f32::NAN];
            binary_cross_entropy(isa.into(), &layer, &[target], &mut ws);
            assert_eq!(ws, [slope, loss], "{} {x} {target}", isa.name());
        }
    }
}

#[test]
fn hits_of_images() {
    for isa in isas() {
        let map = Map::dense(0, 1, 2, 3);
        let layer = CrossEntropy { loss: 6, ..CrossEntropy::new(map, map) }.check();
        let batch = Batch { images: 2, floats: layer.floats() };
        let mut ws = vec![f32::NAN; 2 * batch.floats];
        // Of equal numbers, the first is the largest; a NaN is larger than all numbers.
        let images = [([1.0, 1.0, 0.0, 0.0, 2.0, 2.0], [0, 2]), ([f32::NAN, 1.0, 0.0, 0.0, 1.0, 5.0], [1, 2])];
        for ((logits, classes), ws) in images.iter().zip(batch.split(&mut ws)) {
            ws[..6].copy_from_slice(logits);
            cross_entropy(isa.into(), &layer, classes, ws);
        }
        let hits: Vec<_> = ws.chunks(batch.floats).map(|ws| [ws[8], ws[9]]).collect();
        assert_eq!(hits, [[1.0, 0.0], [0.0, 1.0]], "{}", isa.name());
        assert_eq!(sum_of_images(batch, 8, 2, &ws), 2.0);
        let losses: f64 = [6, 7].map(|at| f64::from(ws[at])).iter().sum();
        assert_eq!(sum_of_images(Batch { images: 1, ..batch }, 6, 2, &ws), losses);
    }
}

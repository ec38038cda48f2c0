//! Losses and their gradients.

use cnn_net::graph::{Graph, Input, Node, Output, Value};
use cnn_net::op::{Activation, Op, Padding};
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::gradient::loss::{CrossEntropy, cross_entropy};
use cnn_runtime::place::map::Map;
use cnn_runtime::reference::Tensor;
use cnn_runtime::reference::training::{Mode, Parameters, Targets, forward};
use cnn_runtime::train::Loss;

use super::{shape, tensor};
use crate::elementwise::{each_case, in_and_out};
use crate::support::{Arena, Expected, Rng, check, index};

/// The loss of a map of logits by the reference, the mean over its pixels, and its gradients.
fn expected(smoothing: f32, logits: &Map, ws: &[f32], classes: &[u32]) -> (f64, Tensor) {
    let shape = shape(logits);
    let nodes = [Node::new("logits", Op::Activation(Activation::Identity), &[Value::Input(0)], shape)];
    let (inputs, outputs) = ([Input::new("", shape)], [Output::new("", Value::Node(0))]);
    let (graph, parameters) = (Graph::new("Net", &inputs, &nodes, &outputs), Parameters::new());
    let image = tensor(logits, ws).to_f32();
    let pass = forward(&graph, &parameters, &[&image], Mode::new(0, 0)).unwrap();
    let loss = Loss::CrossEntropy { smoothing: smoothing.into() };
    let mut losses = pass.loss(loss, &Targets::Classes(classes)).unwrap();
    (losses.loss, losses.gradients.remove(0).1.remove(0))
}

/// 1 where the first largest logit is that of the class.
fn expected_hits(logits: &Map, ws: &[f32], classes: &[u32]) -> Vec<f32> {
    let pixels = (0..logits.height).flat_map(|y| (0..logits.width).map(move |x| (y, x)));
    let hit = |((y, x), class): ((usize, usize), &u32)| {
        let logits = &ws[index(logits, y, x, 0)..][..logits.channels];
        let first = (1..logits.len()).fold(0, |best, at| if logits[at] > logits[best] { at } else { best });
        f32::from(u8::from(first == *class as usize))
    };
    pixels.zip(classes).map(hit).collect()
}

fn classes(rng: &mut Rng, logits: &Map) -> Vec<u32> {
    (0..logits.pixels()).map(|_| rng.below(logits.channels) as u32).collect()
}

#[test]
fn cross_entropies() {
    each_case(80, 200, |isa, rng| {
        let mut arena = Arena::default();
        let (logits, output) = in_and_out(rng, &mut arena);
        let loss = arena.map(rng, [1, 1, 2 * logits.pixels()], Padding::NONE);
        arena.close();
        let classes = classes(rng, &logits);
        let (weight, smoothing) = (rng.pick(&[1.0, 0.25]), rng.pick(&[0.0, 0.0, 0.1, 1.0]));
        let layer = CrossEntropy { logits, output, loss: loss.offset, weight, smoothing };
        let what = format!("{} {layer:?}", isa.name());
        let (mean, slopes) = expected(smoothing, &logits, &arena.ws, &classes);
        let scale = f64::from(weight) * logits.pixels() as f64;

        // The losses are checked first, and then put where they will be, so that they count as unchanged.
        let mut ws = arena.ws.clone();
        let kernel = |run: Run<'_>, ws: &mut [f32]| cross_entropy(run, &layer.check(), &classes, ws);
        kernel(isa.into(), &mut ws);
        let losses = &ws[loss.offset..][..logits.pixels()];
        let sum: f64 = losses.iter().map(|loss| f64::from(*loss)).sum();
        assert!(
            (sum - mean * scale).abs() <= 3e-6 * scale * mean.abs().max(1.0),
            "{what}: {sum}, not {}",
            mean * scale
        );
        let hits = ws[loss.offset + logits.pixels()..][..logits.pixels()].iter().copied();
        assert!(hits.eq(expected_hits(&logits, &arena.ws, &classes)), "{what}: hits");
        arena.ws[loss.offset..][..2 * logits.pixels()].copy_from_slice(&ws[loss.offset..][..2 * logits.pixels()]);

        check(isa, &what, &arena, &output, kernel, |y, x, c| Expected {
            value: slopes.at(c, y, x) * scale,
            tolerance: 2e-6 * f64::from(weight),
        });
    });
}

/// Probabilities that round to 0 have a loss all the same.
#[test]
fn losses_of_extreme_logits() {
    each_case(81, 1, |isa, _| {
        let (logits, loss) = (Map::vector(0, 3), 3);
        let layer = CrossEntropy { loss, ..CrossEntropy::new(logits, logits) }.check();
        for (class, expected, slopes) in
            [(0, 0.0, [0.0, 0.0, 0.0]), (1, 2e4, [1.0, -1.0, 0.0]), (2, 1e4, [1.0, 0.0, -1.0])]
        {
            let mut ws = vec![f32::NAN; layer.floats()];
            ws[..3].copy_from_slice(&[1e4, -1e4, 0.0]);
            cross_entropy(isa.into(), &layer, &[class], &mut ws);
            assert_eq!((ws[loss], &ws[..3]), (expected, &slopes[..]), "{} {class}", isa.name());
        }
    });
}

#[test]
#[should_panic(expected = "a target of class 3, but there are only 3, from 0 on")]
fn every_class_has_a_logit() {
    let map = Map::dense(0, 2, 2, 3);
    let layer = CrossEntropy { loss: 12, ..CrossEntropy::new(map, map) }.check();
    cross_entropy(cnn_runtime::exec::isa::Isa::best().into(), &layer, &[0, 2, 3, 1], &mut vec![0.0; layer.floats()]);
}

#[test]
#[should_panic(expected = "a class for each pixel")]
fn every_pixel_has_a_class() {
    let map = Map::dense(0, 2, 2, 3);
    let layer = CrossEntropy { loss: 12, ..CrossEntropy::new(map, map) }.check();
    cross_entropy(cnn_runtime::exec::isa::Isa::best().into(), &layer, &[0; 3], &mut vec![0.0; layer.floats()]);
}

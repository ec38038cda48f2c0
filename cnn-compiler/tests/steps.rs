//! Training steps by their plans, against the reference in double precision.

mod planned;
#[path = "support/random.rs"]
mod random;
#[path = "support/random_nets.rs"]
mod random_nets;
#[path = "planned/step.rs"]
mod step;

use std::fmt;

use cnn_compiler::train::Spec;
use cnn_net::graph::{Graph, Output};
use cnn_net::op::Shape;
use cnn_runtime::reference::training::{Mode, Parameters, Targets, forward, initial};
use cnn_runtime::train::{Criterion, Init, Loss};
use models::seeded;

use random_nets::{NEIGHBOURS, crossed, net};
use step::Machine;

/// Sums of single precision, relative to the largest number of a tensor.
const NEAR: f64 = 1e-5;

/// The nets of a file that `tools/torch_gradients.py` and `tools/torch_training.py` write.
fn nets(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.strip_prefix("net "))
}

/// The net with a layer before all others, so that the gradients of their inputs are needed.
fn with_layer_before(net: &str) -> String {
    let (input, rest) = net.split_once("->").expect("an input");
    let shape = input.split_once(':').expect("a name").1.trim();
    let layer = match shape.split_once('x') {
        Some((channels, _)) => format!("before: conv({channels}, 1x1);"),
        None => format!("before: linear({shape});"),
    };
    format!("{input}->{}", rest.replacen('{', &format!("{{ {layer}"), 1))
}

/// The number of a tensor that is farthest from what it should be.
struct Error {
    what: String,
    index: usize,
    found: f32,
    expected: f64,
    /// The largest number of the tensor.
    scale: f64,
}

impl Error {
    fn of(what: &str, expected: &[f64], found: &[f32], least: f64) -> Self {
        assert_eq!(expected.len(), found.len(), "{what}");
        let scale = expected.iter().fold(least, |scale, x| scale.max(x.abs()));
        let error = |index: usize| (f64::from(found[index]) - expected[index]).abs();
        // A NaN is farther than anything.
        let rank = |index: &usize| if error(*index).is_nan() { f64::INFINITY } else { error(*index) };
        let index = (0..found.len()).max_by(|a, b| rank(a).total_cmp(&rank(b))).expect("numbers");
        Self { what: what.to_owned(), index, found: found[index], expected: expected[index], scale }
    }

    fn is_within(&self, tolerance: f64) -> bool {
        (f64::from(self.found) - self.expected).abs() <= tolerance * self.scale
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, index, found, expected, scale } = self;
        write!(f, "{what}[{index}]: {found}, expected {expected} (largest {scale})")
    }
}

/// Compares two steps of a net with one output: their losses, all gradients, and running statistics.
fn check(source: &str, images: usize, loss: Loss, frozen: fn(&str) -> bool) -> Vec<String> {
    check_within(NEAR, source, images, &[loss.into()], frozen)
}

fn check_within(
    tolerance: f64,
    source: &str,
    images: usize,
    criteria: &[Criterion],
    frozen: fn(&str) -> bool,
) -> Vec<String> {
    let plan = planned::plan(source).unwrap_or_else(|error| panic!("{source}\n{error}"));
    let errors = plan.describe("Net", "", |graph| errors(source, graph, images, criteria, frozen));
    errors.iter().filter(|error| !error.is_within(tolerance)).map(|error| format!("{source}\n{error}")).collect()
}

/// What an output should be, in a step.
struct Numbers {
    classes: Vec<u32>,
    numbers: Vec<f32>,
}

impl Numbers {
    fn of(name: &str, shape: Shape, images: usize, step: usize) -> Self {
        let classes = (0..images * shape.size().area()).map(|i| (i * 7 + step) as u32 % shape.channels() as u32);
        let numbers = seeded::uniform(&format!("targets{name}"), images * shape.elements());
        Self { classes: classes.collect(), numbers: numbers.into_iter().map(|x| 0.5 + 0.5 * x).collect() }
    }

    fn targets(&self, loss: Loss) -> Targets<'_> {
        if loss.is_of_classes() { Targets::Classes(&self.classes) } else { Targets::Numbers(&self.numbers) }
    }
}

fn errors(
    source: &str,
    graph: &Graph<'_>,
    images: usize,
    criteria: &[Criterion],
    frozen: fn(&str) -> bool,
) -> Vec<Error> {
    let mut errors = Vec::new();
    let mut tensors: Parameters = initial(graph, Init::Torch, 7);
    for (name, numbers) in &mut tensors {
        // Biases and statistics that differ from channel to channel, and single precision on both sides.
        let varied = seeded::uniform(name, numbers.len());
        let is_var = name.ends_with("running_var");
        for (number, by) in numbers.iter_mut().zip(varied) {
            let by = f64::from(by) * if is_var { 0.3 } else { 0.1 };
            *number = f64::from((*number + by) as f32);
        }
    }
    let frozen_nodes: Vec<bool> = graph.nodes.iter().map(|node| frozen(node.name)).collect();
    let spec = Spec { images, criteria: criteria.to_vec(), frozen: frozen_nodes, exact: false };
    let mut machine = Machine::new(graph, &spec, &tensors);
    let elements: usize = graph.inputs.iter().map(|input| input.shape.elements()).sum();
    for step in 1..=2 {
        let input: Vec<f32> = seeded::uniform(&format!("input {step}"), images * elements);
        let batch: Vec<&[f32]> = input.chunks_exact(elements).collect();
        let numbers = |output: &Output<'_>| Numbers::of(output.name, graph.shape(output.value), images, step);
        let numbers: Vec<Numbers> = graph.outputs.iter().map(numbers).collect();
        let targets = numbers.iter().zip(criteria).map(|(numbers, of)| numbers.targets(of.loss));
        let targets: Vec<Targets<'_>> = targets.collect();
        let compared: Vec<(Criterion, Targets<'_>)> = criteria.iter().copied().zip(targets.iter().copied()).collect();
        let is_frozen = |node: &cnn_net::graph::Node<'_>| frozen(node.name);
        let mode = Mode { seed: 0, step: step as u64, frozen: &is_frozen };
        let pass = forward(graph, &tensors, &batch, mode).unwrap_or_else(|error| panic!("{source}\n{error}"));
        let losses = pass.losses(&compared).unwrap_or_else(|error| panic!("{source}\n{error}"));
        let gradients = pass.backward(&losses.gradients).unwrap_or_else(|error| panic!("{source}\n{error}"));

        let (found, hits) = machine.run(&batch, &targets, step as u64);
        errors.push(Error::of("loss", &[losses.loss], &[found as f32], 1e-6));
        assert_eq!(losses.hits, hits, "{source}");
        let found = machine.gradients();
        assert_eq!(gradients.parameters.len(), found.len(), "{source}");
        let largest = gradients.parameters.values().flatten().fold(0.0_f64, |most, x| most.max(x.abs()));
        for (name, expected) in &gradients.parameters {
            // A gradient that is a sum of what cancels is as exact as its summands.
            errors.push(Error::of(name, expected, found[&**name], 0.2 * largest + 1e-12));
        }
        for (name, expected) in pass.running() {
            errors.push(Error::of(name, expected, machine.tensor(name), 1e-6));
        }
        let running = pass.running().clone();
        tensors.extend(running);
    }
    errors
}

#[track_caller]
fn assert_none(far: Vec<String>) {
    assert!(far.is_empty(), "{} are far:\n{}", far.len(), far.join("\n"));
}

#[test]
fn every_layer_alone() {
    let nets = nets(include_str!("torch/gradients.txt"));
    assert_none(nets.flat_map(|net| check(&with_layer_before(net), 3, Loss::MeanSquared, |_| false)).collect());
}

#[test]
fn frozen_layers_pass_gradients_on() {
    let nets = nets(include_str!("torch/gradients.txt"));
    let is_frozen = |name: &str| name == "layer";
    assert_none(nets.flat_map(|net| check(&with_layer_before(net), 2, Loss::MeanSquared, is_frozen)).collect());
}

#[test]
fn whole_nets() {
    let mut far = Vec::new();
    for net in nets(include_str!("torch/training.txt")) {
        let loss = match net.split_once(':').expect("a name").0 {
            "Denoise" | "Perceptron" => Loss::MeanSquared,
            "Events" => Loss::BinaryCrossEntropy,
            _ => Loss::CrossEntropy { smoothing: 0.1 },
        };
        far.extend(check(net, 4, loss, |_| false));
        far.extend(check(net, 1 + usize::from(net.contains("batch_norm")), loss, |_| false));
    }
    assert_none(far);
}

/// What comes before all that is trained: normalisations and functions are folded into convolutions, in tiles or not.
#[test]
fn frozen_trunks() {
    let nets = [
        "Trunk: 3x13x12 -> 5 { conv(20, 3x3, pad = 1) -> batch_norm -> relu; conv(24, 3x3, stride = 2, bias = false) -> batch_norm
            -> max_pool(2x2); conv(9, 1x1) -> tanh -> batch_norm; fc: linear(5); }",
        "Shortcut: 16x14x14 -> 4 { conv(32, 3x3, pad = 1, bias = false) -> batch_norm -> relu;
            add { b: conv(32, 3x3, pad = 1, groups = 2) -> bn: batch_norm; skip; } -> relu -> global_avg_pool -> fc: linear(4); }",
        "Twice: 4x9x9 -> 3 { conv(17, 3x3); keep x; batch_norm -> relu6; concat { skip; from x -> b: conv(3, 1x1); } -> fc: linear(3); }",
    ];
    let is_frozen = |name: &str| name != "fc";
    assert_none(nets.iter().flat_map(|net| check(net, 3, Loss::CROSS_ENTROPY, is_frozen)).collect());
}

/// Convolutions in tiles, forward and back, over several channels and groups, next to such that are computed directly.
#[test]
fn convolutions_in_tiles() {
    let nets = [
        "Tiles: 16x16x16 -> 3 { conv(32, 3x3, pad = 1) -> relu; conv(40, 3x3) -> batch_norm -> relu -> conv(33, 3x3, pad = 2);
            global_avg_pool -> fc: linear(3); }",
        "Groups: 32x30x28 -> 3 { conv(48, 3x3, pad = 1, groups = 2) -> batch_norm -> relu; conv(32, 3x3, pad = 0) -> tanh;
            global_avg_pool -> fc: linear(3); }",
    ];
    assert_none(nets.iter().flat_map(|net| check(net, 3, Loss::CROSS_ENTROPY, |_| false)).collect());
    for net in nets {
        let plan = planned::plan(net).unwrap_or_else(|error| panic!("{net}\n{error}"));
        let tiled = |exact: bool| {
            plan.describe("Net", "", |graph| {
                let frozen = vec![false; graph.nodes.len()];
                let spec = Spec { images: 3, criteria: vec![Loss::CROSS_ENTROPY.into()], frozen, exact };
                let plan = cnn_compiler::train::plan(graph, &spec).expect("it can be trained");
                let is_tiled = |kernel: &cnn_compiler::train::Kernel| {
                    matches!(kernel, cnn_compiler::train::Kernel::Images(kernel) if kernel.function() == "winograd2d")
                };
                plan.calls.iter().filter(|call| is_tiled(&call.kernel)).count()
            })
        };
        assert!(tiled(false) >= 2 && tiled(true) == 0, "{net}: {} and {}", tiled(false), tiled(true));
    }
}

/// Each output has a loss and a weight; some have the same logits, or are read by layers as well, or are in memory where others were.
#[test]
fn several_outputs() {
    let of = |loss, weight| Criterion { loss, weight };
    let classes = of(Loss::CrossEntropy { smoothing: 0.1 }, 1.0);
    let (numbers, events) = (of(Loss::MeanSquared, 0.1), of(Loss::BinaryCrossEntropy, 2.5));
    let cases: [(&str, &[Criterion]); 6] = [
        (
            "Corners: 1x12x13 -> { digit: 10, corners: 8 } { conv1: conv(6, 3x3) -> relu -> max_pool(2x2) -> fc: linear(16) -> relu;
                keep x; fc1: linear(10) -> softmax; output digit; from x -> fc2: linear(8); output corners; }",
            &[classes, numbers],
        ),
        (
            "Again: 5 -> { a: 4, b: 4, c: 4, d: 4 } { fc: linear(4); keep x; output a; softmax; output b; from x -> sigmoid; output c;
                from x -> softmax; output d; }",
            &[numbers, classes, events, of(Loss::CROSS_ENTROPY, 0.0)],
        ),
        (
            "Between: 2x9x8 -> { mask: 3x9x8, class: 5 } { a: conv(8, 3x3, pad = 1) -> bn: batch_norm -> relu;
                b: conv(3, 1x1); output mask; sigmoid -> c: conv(7, 3x3, stride = 2) -> relu -> fc: linear(5); output class; }",
            &[classes, classes],
        ),
        (
            "Pyramid: 3x16x16 -> { p3: 4x8x8, p4: 4x4x4 } { a: conv(8, 3x3, stride = 2, pad = 1) -> relu;
                keep x; b: conv(4, 1x1); output p3; from x -> c: conv(8, 3x3, stride = 2, pad = 1) -> relu -> d: conv(4, 1x1)
                -> sigmoid; output p4; }",
            &[events, events],
        ),
        (
            "Helped: 2x8x8 -> { a: 3, b: 6 } { x: conv(4, 3x3) -> relu; aux head(weight = 0.3) { fc: linear(6); };
                keep y; fc1: linear(3); output a; from y -> fc2: linear(6) -> softmax; output b; }",
            &[numbers, classes],
        ),
        ("Given: 4 -> { same: 4, other: 2 } { relu; output same; fc: linear(2); output other; }", &[numbers, classes]),
    ];
    let checks = cases.iter().flat_map(|(net, criteria)| check_within(NEAR, net, 3, criteria, |_| false));
    assert_none(checks.collect());
}

/// What shares memory, is joined, or is read twice, and the gradients of that. Some of these nets are badly conditioned (a batch
/// normalisation of numbers that are nearly equal multiplies rounding errors by hundreds), but wrong gradients differ by far more.
#[test]
fn random_nets() {
    let nets = (0..40).flat_map(|seed| [net(seed), crossed(seed)].map(|net| (seed, net)));
    let near_them = NEIGHBOURS.iter().enumerate().map(|(index, net)| (index as u64, with_layer_before(net)));
    let mut far = Vec::new();
    for (seed, source) in nets.chain(near_them) {
        let loss = if seed % 2 == 0 { Loss::CROSS_ENTROPY } else { Loss::MeanSquared };
        far.extend(check_within(1e-3, &source, 2 + seed as usize % 3, &[loss.into()], |_| false));
    }
    assert_none(far);
}

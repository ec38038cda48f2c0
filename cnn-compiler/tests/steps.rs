//! Training steps by their plans, against the reference in double precision.

mod planned;
#[path = "planned/step.rs"]
mod step;

use cnn_compiler::train::Spec;
use cnn_net::graph::Graph;
use cnn_runtime::reference::training::{Mode, Parameters, Targets, forward, initial};
use cnn_runtime::train::{Init, Loss};
use models::seeded;

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

/// Adds what is far from what it should be.
fn near(what: &str, expected: &[f64], found: &[f32], least: f64, far: &mut Vec<String>) {
    assert_eq!(expected.len(), found.len(), "{what}");
    let scale = expected.iter().fold(least, |scale, x| scale.max(x.abs()));
    for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
        let error = (expected - f64::from(*found)).abs();
        if error.is_nan() || error > NEAR * scale {
            return far.push(format!("{what}[{index}]: {found}, expected {expected} (largest {scale})"));
        }
    }
}

/// Compares two steps of a net: their losses, all gradients, and running statistics.
fn check(source: &str, images: usize, loss: Loss, frozen: fn(&str) -> bool) -> Vec<String> {
    let plan = planned::plan(source).unwrap_or_else(|error| panic!("{source}\n{error}"));
    plan.describe("Net", "", |graph| check_graph(source, graph, images, loss, frozen))
}

fn check_graph(source: &str, graph: &Graph<'_>, images: usize, loss: Loss, frozen: fn(&str) -> bool) -> Vec<String> {
    let mut far = Vec::new();
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
    let spec = Spec { images, loss, frozen: frozen_nodes, exact: false };
    let mut machine = Machine::new(graph, &spec, &tensors);
    let elements: usize = graph.inputs.iter().map(|input| input.shape.elements()).sum();
    for step in 1..=2 {
        let input: Vec<f32> = seeded::uniform(&format!("input {step}"), images * elements);
        let batch: Vec<&[f32]> = input.chunks_exact(elements).collect();
        let outputs = graph.output();
        let classes: Vec<u32> =
            (0..images * outputs.size().area()).map(|i| (i * 7 + step) as u32 % outputs.channels() as u32).collect();
        let numbers: Vec<f32> = seeded::uniform("targets", images * outputs.elements());
        let numbers: Vec<f32> = numbers.into_iter().map(|x| 0.5 + 0.5 * x).collect();
        let targets = if loss.is_of_classes() { Targets::Classes(&classes) } else { Targets::Numbers(&numbers) };
        let is_frozen = |node: &cnn_net::graph::Node<'_>| frozen(node.name);
        let mode = Mode { seed: 0, step: step as u64, frozen: &is_frozen };
        let pass = forward(graph, &tensors, &batch, mode).unwrap_or_else(|error| panic!("{source}\n{error}"));
        let losses = pass.loss(loss, &targets).unwrap_or_else(|error| panic!("{source}\n{error}"));
        let gradients = pass.backward(&losses.gradients).unwrap_or_else(|error| panic!("{source}\n{error}"));

        let (found, hits) = machine.run(&batch, &targets, step as u64);
        near(&format!("{source}\nloss"), &[losses.loss], &[found as f32], 1e-6, &mut far);
        if loss.is_of_classes() {
            assert_eq!(losses.hits, hits, "{source}");
        }
        let found = machine.gradients();
        assert_eq!(gradients.parameters.len(), found.len(), "{source}");
        let largest = gradients.parameters.values().flatten().fold(0.0_f64, |most, x| most.max(x.abs()));
        for (name, expected) in &gradients.parameters {
            // A gradient that is a sum of what cancels is as exact as its summands.
            near(&format!("{source}\n{name}"), expected, found[&**name], 0.2 * largest + 1e-12, &mut far);
        }
        for (name, expected) in pass.running() {
            near(&format!("{source}\n{name}"), expected, machine.tensor(name), 1e-6, &mut far);
        }
        let running = pass.running().clone();
        tensors.extend(running);
    }
    far
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
                let spec = Spec { images: 3, loss: Loss::CROSS_ENTROPY, frozen, exact };
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

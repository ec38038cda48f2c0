//! Random nets: their plans, run kernel by kernel, against the reference executor.
//!
//! A mistake in anything that the plan shares (buffers over time, slices of a concat, an input that is overwritten, a halo)
//! shows as wrong numbers in one of these nets.

mod planned;
#[path = "support/random.rs"]
mod random;
#[path = "support/random_nets.rs"]
mod random_nets;
#[path = "planned/run.rs"]
mod run;
mod written;

use cnn_compiler::plan::Range;
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::exec::run::Run;
use cnn_runtime::reference;
use cnn_runtime::trace::Trace;
use cnn_runtime::weights::{self, Source};
use models::seeded;
use random::Random;
use random_nets::{NEIGHBOURS, crossed, net};
use run::run;

const NETS: u64 = 300;
/// Sums in another order differ by about 1e-6 of the largest magnitude, wrong elements by far more.
const TOLERANCE: f64 = 2e-5;
/// Relative to all values: a sigmoid of sums in the hundreds gives numbers up to 1, but has the errors of those sums.
const INSIDE_TOLERANCE: f64 = 1e-3;

#[test]
fn plans_of_crossed_branches_agree_with_the_reference() {
    for seed in 0..NETS {
        let source = crossed(seed);
        agrees(&source, seed);
        written::check(&planned::plan(&source).unwrap_or_else(|error| panic!("{source}\n{error}")));
    }
}

#[test]
fn neighbours_agree_with_the_reference() {
    for (seed, source) in NEIGHBOURS.into_iter().enumerate() {
        agrees(source, seed as u64);
        written::check(&planned::plan(source).unwrap_or_else(|error| panic!("{source}\n{error}")));
    }
}

#[test]
fn nets_are_written_and_read_again() {
    for seed in 0..NETS {
        let source = net(seed);
        written::check(&planned::plan(&source).unwrap_or_else(|error| panic!("{source}\n{error}")));
    }
}

#[test]
fn plans_agree_with_the_reference() {
    for seed in 0..NETS {
        agrees(&net(seed), seed);
    }
}

/// Runs the plan of a net, and compares all outputs with the reference's.
fn agrees(source: &str, seed: u64) {
    let plan = planned::plan(source).unwrap_or_else(|error| panic!("{source}\n{error}"));
    let input_len = plan.describe("Net", "", |graph| graph.input().elements());
    let input = seeded::uniform("input", input_len);
    let mut packed = vec![0.0; plan.packed_len];
    let expected = plan.describe("Net", "", |graph| {
        let file = seeded::weights(graph, &seed.to_string());
        weights::load(graph, &plan.recipe(), &Source::new(&file), &mut packed)
            .unwrap_or_else(|error| panic!("{source}\n{error}"));
        let params = weights::read(graph, &Source::new(&file)).unwrap_or_else(|error| panic!("{source}\n{error}"));
        let outputs = reference::run(graph, &params, &input).unwrap_or_else(|error| panic!("{source}\n{error}"));
        let taps = graph.taps.iter().filter_map(|tap| outputs.tap(tap.name));
        taps.chain([outputs.result()]).map(|value| value.data.clone()).collect::<Vec<_>>()
    });
    // Garbage in a fresh workspace, as if left by another net; then a second pass over what the first one left.
    let mut workspace = vec![f32::NAN; plan.workspace_len];
    for pass in 0..2 {
        run(&plan, Run::best(), &packed, &input, &mut workspace);
        for (range, expected) in plan.taps.iter().chain([&plan.output]).zip(&expected) {
            let Range { offset, len } = *range;
            close(&format!("pass {pass} of {source}"), expected, &workspace[offset..][..len], TOLERANCE);
        }
    }
}

fn close(what: &str, expected: &[f64], found: &[f32], tolerance: f64) {
    let scale = expected.iter().fold(1e-30_f64, |scale, x| scale.max(x.abs()));
    for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
        let near = (expected - f64::from(*found)).abs() <= tolerance * scale;
        assert!(near, "{what}\n[{index}]: {found}, expected {expected} (largest {scale})");
    }
}

/// A net's outputs for some inputs: those of the reference, and those of its plan.
fn outputs(source: &str, inputs: &[Vec<f32>]) -> Vec<[Vec<f32>; 2]> {
    let plan = planned::plan(source).unwrap_or_else(|error| panic!("{source}\n{error}"));
    let mut packed = vec![0.0; plan.packed_len];
    let mut workspace = vec![0.0; plan.workspace_len];
    plan.describe("Net", "", |graph| {
        let file = seeded::weights(graph, "special");
        let source = Source::new(&file);
        weights::load(graph, &plan.recipe(), &source, &mut packed).unwrap_or_else(|error| panic!("{error}"));
        let params = weights::read(graph, &source).unwrap_or_else(|error| panic!("{error}"));
        let both = inputs.iter().map(|input| {
            let outputs = reference::run(graph, &params, input).unwrap_or_else(|error| panic!("{error}"));
            run(&plan, Run::best(), &packed, input, &mut workspace);
            [outputs.result().to_f32(), workspace[plan.output.offset..][..plan.output.len].to_vec()]
        });
        both.collect()
    })
}

/// Asserts that NaN and infinities are in the same places, and that all other numbers agree within a fraction of their magnitude,
/// of 1, or, for those that a special number changes, of that number.
fn same(what: &str, [expected, found]: &[Vec<f32>; 2], without: &[f32], special: f32, tolerance: f32) {
    for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
        let touched = (expected - without[index]).abs() > 1e-3;
        let scale = expected.abs().max(if touched { special.abs() } else { 1.0 });
        let near = expected == found
            || expected.is_nan() && found.is_nan()
            || (expected - found).abs() <= tolerance * scale && expected.is_finite();
        assert!(near, "{what}\n[{index}]: {found}, expected {expected}");
    }
}

/// Nets with all kernels that compute several outputs at once, or skip something.
const SPOILT: [&str; 9] = [
    "Net: 1x28x28 -> 6x12x12 { conv1: conv(6, 5x5) -> relu -> max_pool(2x2); }",
    "Net: 1x28x28 -> 8x12x12 { conv1: conv(8, 5x5) -> avg_pool(2x2); }",
    "Net: 1x18x30 -> 8x16x28 { conv1: conv(8, 3x3) -> relu; }",
    "Net: 6x14x14 -> 16x5x5 { conv2: conv(16, 5x5) -> tanh -> max_pool(2x2); }",
    "Net: 32x20x20 -> 48x10x10 { conv1: conv(48, 3x3, pad = 1) -> relu -> max_pool(2x2); }",
    "Net: 16x28x28 -> 32x28x28 { conv1: conv(32, 5x5, pad = 2, groups = 2) -> leaky_relu; }",
    "Net: 3x56x56 -> 64x28x28 { conv1: conv(64, 7x7, stride = 2, pad = 3) -> batch_norm; }",
    "Net: 32x14x14 -> 32x14x14 { add { skip; conv1: conv(32, 3x3, pad = 1); }; relu; }",
    "Net: 8x9x9 -> 8x4x4 { conv1: conv(8, 3x3, pad = 1, groups = 8) -> relu6 -> max_pool(3x3, stride = 2); }",
];

#[test]
fn special_numbers_are_where_the_reference_has_them() {
    let mut random = Random(1);
    for source in SPOILT {
        let len = planned::plan(source).unwrap().describe("Net", "", |graph| graph.input().elements());
        let mut inputs = vec![seeded::uniform("input", len)];
        for special in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e37, -1e20, 1e6, 1e4] {
            for at in [0, len - 1, random.below(len), random.below(len)] {
                let mut input = seeded::uniform("input", len);
                input[at] = special;
                inputs.push(input);
            }
        }
        let all = outputs(source, &inputs);
        let without = &all[0][0];
        for (input, outputs) in inputs.iter().zip(&all).skip(1) {
            let is_special = |(_, x): &(usize, &f32)| x.is_nan() || x.abs() > 1e3;
            let (at, special) = input.iter().enumerate().find(is_special).expect("a special number");
            same(&format!("{special} at {at} in {source}"), outputs, without, *special, 2e-5);
        }
    }
}

#[test]
fn a_nan_is_where_the_reference_has_it_in_any_net() {
    let mut random = Random(2);
    for seed in 0..NETS / 3 {
        let source = net(seed);
        let len = planned::plan(&source).unwrap().describe("Net", "", |graph| graph.input().elements());
        let mut input = seeded::uniform("input", len);
        input[random.below(len)] = f32::NAN;
        for [expected, found] in outputs(&source, &[input]) {
            assert!(expected.iter().zip(&found).all(|(a, b)| a.is_nan() == b.is_nan()), "{source}: {found:?}");
        }
    }
}

/// LeNet-5 gives probabilities for a picture with one pixel beyond all bounds: its `tanh` turns everything that the pixel
/// touches into 1 or -1, and nothing else may change.
#[test]
fn a_saturated_pixel_leaves_probabilities() {
    let source = "Net: 1x32x32 -> 10 { conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2); conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
        fc1: linear(120) -> tanh; fc2: linear(84) -> tanh; fc3: linear(10) -> softmax; }";
    let mut inputs = Vec::new();
    for special in [f32::INFINITY, f32::NEG_INFINITY, 3e38, 1e6, f32::NAN] {
        for at in [0, 1023, 16 * 32 + 16, 9 * 32 + 21] {
            let mut input = seeded::uniform("input", 32 * 32);
            input[at] = special;
            inputs.push(input);
        }
    }
    for (input, outputs) in inputs.iter().zip(outputs(source, &inputs)) {
        let nan = input.iter().any(|x| x.is_nan());
        same("LeNet-5", &outputs, &outputs[0], 1.0, 1e-5);
        assert!(outputs[1].iter().all(|x| x.is_nan() == nan), "{outputs:?}");
    }
}

#[test]
fn traces_agree_with_the_reference() {
    for seed in 0..NETS {
        let source = net(seed);
        let plan = planned::plan(&source).unwrap_or_else(|error| panic!("{source}\n{error}"));
        plan.describe("Net", "", |graph| {
            let file = seeded::weights(graph, &seed.to_string());
            let params = weights::read(graph, &Source::new(&file)).unwrap_or_else(|error| panic!("{source}\n{error}"));
            let input = seeded::uniform("input", graph.input().elements());
            let outputs = reference::run(graph, &params, &input).unwrap_or_else(|error| panic!("{source}\n{error}"));
            let traced = Trace::new(graph, &params).run(&input, |value, found| {
                let expected = outputs.value(value).unwrap_or_else(|| panic!("{value:?} of {source}"));
                close(&format!("{value:?} of {source}"), &expected.data, found, INSIDE_TOLERANCE);
            });
            assert_eq!(traced, Ok(()));
        });
    }
}

#[test]
fn workspaces_are_near_the_lower_bound() {
    let mut worst = 1.0_f64;
    for seed in 0..NETS {
        let plan = planned::plan(&net(seed)).unwrap_or_else(|error| panic!("{error}"));
        let ratio = plan.workspace_len as f64 / plan.lower_bound as f64;
        worst = worst.max(ratio);
    }
    println!("workspace at most {worst:.3} of the lower bound");
    assert!(worst <= 1.1, "{worst}");
}

#[test]
fn the_instruction_set_that_was_asked_for_is_there() {
    Isa::from_env().unwrap_or_else(|why| panic!("{why}"));
}

//! Random nets: their plans, run kernel by kernel, against the reference executor.
//!
//! Whatever the plan shares (buffers over time, slices of a concat, an input that is written over, a halo), a mistake in
//! it shows as wrong numbers in one of these nets.

mod kernels;
mod planned;

use std::fmt::Write as _;

use cnn_compiler::plan::Range;
use cnn_runtime::isa::Isa;
use cnn_runtime::reference;
use cnn_runtime::trace::Trace;
use cnn_runtime::weights::{self, Source};
use models::seeded;

use self::kernels::run;

const NETS: u64 = 300;
/// Sums in another order differ by some 1e-6 of the largest magnitude; a wrong element by far more.
const TOLERANCE: f64 = 2e-5;
/// Of all values: a sigmoid of sums of some hundreds gives numbers up to 1, but has the errors of those sums.
const INSIDE_TOLERANCE: f64 = 1e-3;

/// splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// Layers that keep the size of maps, so that they can stand in any branch.
fn keeping(random: &mut Random, name: &str, channels: usize) -> String {
    match random.below(10) {
        0 => "max_pool(3x3, stride = 1, pad = 1)".to_owned(),
        1 => "avg_pool(3x3, stride = 1, pad = 1, count_include_pad = false)".to_owned(),
        2 => format!("{name}: batch_norm"),
        3 => "lrn(size = 3)".to_owned(),
        4 => random.pick(&["relu", "tanh", "hard_swish", "identity", "dropout(0.1)", "softmax"]).to_owned(),
        5 => format!("{name}: prelu(per = element)"),
        6 => format!("{name}: conv({channels}, 3x3, pad = 1, groups = {channels})"),
        7 => format!("{name}: conv({channels}, 5x3, pad = same, dilation = 2 x 1)"),
        _ => format!("{name}: conv({channels}, {}, pad = same)", random.pick(&["1x1", "3x3", "2x4"])),
    }
}

/// A few steps that end in so many channels.
fn branch(random: &mut Random, name: &str, channels: usize, depth: usize) -> String {
    let mut text = format!("{name}in: conv({channels}, 1x1)");
    for step in 0..random.below(4) {
        let name = format!("{name}s{step}");
        let next = match random.below(6) {
            0 if depth > 0 => merge(random, &name, channels, depth - 1),
            _ => keeping(random, &name, channels),
        };
        let _ = write!(text, " -> {next}");
    }
    text
}

/// A merge of two or three branches over `channels` maps, which leaves as many.
fn merge(random: &mut Random, name: &str, channels: usize, depth: usize) -> String {
    let count = 2 + random.below(2);
    let skip = random.below(3) == 0;
    let kind = random.pick(&["add", "mul", "concat"]);
    let mut text = format!("{kind} {{ ");
    for index in 0..count {
        let branch = match kind {
            "concat" if index == 0 && skip => "skip".to_owned(),
            "concat" => {
                let slice = 1 + random.below(9);
                branch(random, &format!("{name}b{index}"), slice, depth)
            }
            _ if index == 0 && skip => "skip".to_owned(),
            "mul" if index == 1 => {
                format!("global_avg_pool -> {name}b{index}: conv({channels}, 1x1) -> sigmoid")
            }
            _ => branch(random, &format!("{name}b{index}"), channels, depth),
        };
        let _ = write!(text, "{branch}; ");
    }
    text.push('}');
    if kind == "concat" {
        let _ = write!(text, " -> {name}out: conv({channels}, 1x1)");
    }
    text
}

/// The first layers of a net for digits: few filters over a single channel, perhaps some over their maps, and poolings.
fn first_of_digits(random: &mut Random) -> String {
    let (filters, kernel) = (1 + random.below(9), random.pick(&["5x5", "3x3", "5x3", "2x4", "3x1"]));
    let function = random.pick(&["relu", "tanh", "identity"]);
    let pools = ["max_pool(2x2)", "avg_pool(2x2)", "avg_pool(2x2)", "max_pool(3x3, stride = 2)"];
    let mut text = format!("first: conv({filters}, {kernel}, pad = same) -> {function} -> {};", random.pick(&pools));
    if random.below(2) == 0 {
        let (filters, width) = (1 + random.below(40), random.pick(&["5", "5", "3", "1"]));
        let pool = random.pick(&["max_pool(2x2)", "avg_pool(2x2)", "identity"]);
        let _ = write!(text, " second: conv({filters}, 5x{width}, pad = same) -> {function} -> {pool};");
    }
    text
}

fn net(seed: u64) -> String {
    let mut random = Random(seed);
    let digits = random.below(4) == 0;
    let ([c, h, w], mut body) = if digits {
        ([1, 8 + random.below(10), 16 + random.below(20)], first_of_digits(&mut random))
    } else {
        ([1 + random.below(5), 5 + random.below(6), 5 + random.below(6)], String::new())
    };
    let channels = 1 + random.below(20);
    let _ = write!(body, "{};", branch(&mut random, "a", channels, 2));
    for step in 0..1 + random.below(4) {
        let _ = write!(body, " {};", merge(&mut random, &format!("m{step}"), channels, 2));
        if random.below(3) == 0 {
            let _ = write!(body, " tap t{step};");
        }
    }
    let tail = random.pick(&[
        "flatten -> fc: linear(3)",
        "fc: linear(3)",
        "global_avg_pool -> fc: linear(3) -> softmax",
        // As large as those that leave zeros out.
        "wide: linear(400) -> relu -> wider: linear(400) -> relu6 -> fc: linear(3)",
    ]);
    format!("Net: {c}x{h}x{w} -> 3 {{ {body} {tail}; }}")
}

#[test]
fn plans_agree_with_the_reference() {
    for seed in 0..NETS {
        let source = net(seed);
        let plan = planned::plan(&source).unwrap_or_else(|error| panic!("{source}\n{error}"));
        let input_len = plan.describe("Net", "", |graph| graph.input.elements());
        let input = seeded::uniform("input", input_len);
        let mut packed = vec![0.0; plan.packed_len];
        let expected = plan.describe("Net", "", |graph| {
            let file = seeded::weights(graph, &seed.to_string());
            weights::load(graph, &plan.recipe, &Source::new(&file), &mut packed)
                .unwrap_or_else(|error| panic!("{source}\n{error}"));
            let params = weights::read(graph, &Source::new(&file)).unwrap_or_else(|error| panic!("{source}\n{error}"));
            let outputs = reference::run(graph, &params, &input).unwrap_or_else(|error| panic!("{source}\n{error}"));
            let taps = graph.taps.iter().filter_map(|tap| outputs.tap(tap.name));
            taps.chain([outputs.result()]).map(|value| value.data.clone()).collect::<Vec<_>>()
        });
        // Garbage in a fresh workspace, as from another net before; then a second pass over what the first left.
        let mut workspace = vec![f32::NAN; plan.workspace_len];
        for pass in 0..2 {
            run(&plan, &packed, &input, &mut workspace);
            for (range, expected) in plan.taps.iter().chain([&plan.output]).zip(&expected) {
                let Range { offset, len } = *range;
                close(&format!("pass {pass} of {source}"), expected, &workspace[offset..][..len], TOLERANCE);
            }
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

#[test]
fn traces_agree_with_the_reference() {
    for seed in 0..NETS {
        let source = net(seed);
        let plan = planned::plan(&source).unwrap_or_else(|error| panic!("{source}\n{error}"));
        plan.describe("Net", "", |graph| {
            let file = seeded::weights(graph, &seed.to_string());
            let params = weights::read(graph, &Source::new(&file)).unwrap_or_else(|error| panic!("{source}\n{error}"));
            let input = seeded::uniform("input", graph.input.elements());
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

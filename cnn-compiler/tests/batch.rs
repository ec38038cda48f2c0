//! Nets that take several images per pass: what they compute, whatever they share, and how much memory they take.

#[path = "planned/batch.rs"]
mod batch;
mod planned;
#[path = "support/random.rs"]
mod random;

use std::fmt::Write as _;

use batch::run_batch;
use cnn_compiler::plan::Plan;
use cnn_runtime::reference;
use cnn_runtime::weights::{self, Source};
use models::seeded;
use random::Random;

const NETS: u64 = 100;
/// Sums in another order differ by about 1e-6 of the largest magnitude, wrong elements by far more.
const TOLERANCE: f64 = 2e-5;
/// Floats that memory is rounded up to.
const ALIGN: usize = 16;
/// Floats that a buffer may have besides its values: those after the last one, rounded up.
const SPARE: usize = 2 * ALIGN;

/// A MobileNet v3 in small.
const SQUEEZED: &str = "Net: 3x64x64 -> 10 {
    c1: conv(16, 3x3, pad = 1) -> hard_swish;
    mul { skip; { global_avg_pool -> s1: conv(8, 1x1) -> relu -> s2: conv(16, 1x1) -> hard_sigmoid; }; };
    c2: conv(32, 3x3, stride = 2, pad = 1) -> hard_swish;
    mul { skip; { global_avg_pool -> s3: conv(8, 1x1) -> relu -> s4: conv(32, 1x1) -> hard_sigmoid; }; };
    global_avg_pool -> flatten -> fc: linear(10);
}";

/// The same with fully connected layers, the last of which become maps.
const RESHAPED: &str = "Net: 3x64x64 -> 10 {
    c1: conv(16, 3x3, pad = 1) -> hard_swish -> c2: conv(32, 3x3, stride = 2, pad = 1) -> hard_swish;
    mul { skip; { global_avg_pool -> s3: linear(8) -> relu -> s4: linear(32) -> hard_sigmoid -> reshape(32x1x1); }; };
    global_avg_pool -> flatten -> fc: linear(10);
}";

/// A map is kept across a small head, and is read again after it.
const KEPT: &str = "Net: 3x64x64 -> { maps: 16x64x64, scores: 10 } {
    c1: conv(16, 3x3, pad = 1) -> relu; keep large;
    tap seen;
    max_pool(8x8, stride = 8) -> flatten -> fc1: linear(16) -> relu; keep features;
    fc2: linear(10) -> softmax; output scores;
    mul { from large; from features -> reshape(16x1x1); } -> c3: prelu; output maps;
}";

/// A classifier.
const HEAD: &str = "Net: 3x32x32 -> 100 {
    c1: conv(16, 3x3, pad = 1) -> relu -> max_pool(2x2) -> c2: conv(32, 3x3, pad = 1) -> relu -> max_pool(2x2);
    fc1: linear(512) -> relu -> fc2: linear(512) -> relu -> fc3: linear(100) -> softmax;
}";

/// A generator.
const TRANSPOSED: &str = "Net: 64 -> 3x32x32 {
    fc: linear(4096) -> relu -> reshape(256x4x4);
    u1: conv_transpose(64, 4x4, stride = 2, pad = 1) -> relu -> u2: conv_transpose(32, 4x4, stride = 2, pad = 1) -> relu;
    u3: conv_transpose(3, 4x4, stride = 2, pad = 1) -> tanh;
}";

const ALL: [&str; 5] = [SQUEEZED, RESHAPED, KEPT, HEAD, TRANSPOSED];

fn plan(attributes: &str, net: &str) -> Plan {
    planned::plan(&format!("{attributes} {net}")).unwrap_or_else(|error| panic!("{attributes} {net}\n{error}"))
}

/// The names of the layers that take all images.
fn shared(plan: &Plan) -> Vec<&str> {
    plan.calls.iter().filter(|call| call.shared).map(|call| call.name.as_str()).collect()
}

/// Bytes of what leaves the net, of this many images.
fn leaving(plan: &Plan, images: usize) -> usize {
    let ranges = plan.taps.iter().chain([&plan.output]);
    ranges.map(|range| (range.len * images).next_multiple_of(ALIGN) * size_of::<f32>()).sum()
}

/// A random net of squeeze and excitation, dense layers between maps, transposed convolutions, taps and outputs.
fn net(seed: u64) -> String {
    let mut random = Random(seed);
    let (mut c, mut side) = (1 + random.below(20), 2 + random.below(20));
    let mut body = match random.below(4) {
        0 => {
            (c, side) = (4 * c, 4);
            format!("wide: linear({}) -> relu -> reshape({c}x4x4);", c * 16)
        }
        _ => format!("stem: conv({c}, 3x3, pad = 1) -> relu;"),
    };
    let input = if body.starts_with("wide") { "30".to_owned() } else { format!("3x{side}x{side}") };
    for step in 0..2 + random.below(5) {
        let few = 1 + random.below(9);
        let next = match random.below(9) {
            0 => format!(
                "mul {{ skip; {{ global_avg_pool -> q{step}: conv({few}, 1x1) -> relu -> e{step}: conv({c}, 1x1) -> sigmoid; }}; }}"
            ),
            1 => format!(
                "add {{ {{ global_avg_pool -> q{step}: linear({few}) -> e{step}: linear({c}) -> reshape({c}x1x1); }}; skip; }}"
            ),
            2 => format!(
                "keep k{step}; q{step}: linear({few}) -> relu; e{step}: linear({c}) -> tanh -> \
                reshape({c}x1x1); keep w{step}; mul {{ from k{step}; from w{step}; }}"
            ),
            3 if side < 20 => {
                side *= 2;
                format!("u{step}: conv_transpose({c}, 4x4, stride = 2, pad = 1) -> relu")
            }
            4 => {
                side = side.div_ceil(2);
                c = 1 + random.below(40);
                format!("c{step}: conv({c}, 3x3, stride = 2, pad = 1) -> batch_norm -> relu")
            }
            5 => format!("tap t{step}; add {{ skip; c{step}: conv({c}, 3x3, pad = 1); }} -> relu"),
            6 => format!("aux a{step}(weight = 0.3) {{ global_avg_pool -> flatten -> fc: linear({few}); }}; relu6"),
            7 => {
                "global_avg_pool".to_owned() + {
                    side = 1;
                    ""
                }
            }
            _ => format!("c{step}: conv({c}, 1x1) -> gelu"),
        };
        let _ = write!(body, " {next};");
    }
    match random.below(3) {
        0 => format!("Net: {input} -> {c}x{side}x{side} {{ {body} }}"),
        1 => format!(
            "Net: {input} -> {{ maps: {c}x{side}x{side}, scores: 7 }} \
            {{ {body} output maps; l1: linear(40) -> relu -> l2: linear(7) -> softmax; output scores; }}"
        ),
        _ => format!("Net: {input} -> 7 {{ {body} l1: linear(40) -> relu -> l2: linear(7); }}"),
    }
}

fn close(what: &str, expected: &[f64], found: &[f32]) {
    assert_eq!(expected.len(), found.len(), "{what}");
    let scale = expected.iter().fold(1e-30_f64, |scale, x| scale.max(x.abs()));
    for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
        let near = (expected - f64::from(*found)).abs() <= TOLERANCE * scale;
        assert!(near, "{what}\n[{index}]: {found}, expected {expected} (largest {scale})");
    }
}

/// Runs a plan over as many images as it takes, and over fewer, and compares everything that leaves the net with the reference.
fn agrees(plan: &Plan, what: &str, images: usize) {
    let mut packed = vec![0.0; plan.packed_len];
    plan.describe("Net", "", |graph| {
        let file = seeded::weights(graph, "");
        weights::load(graph, &plan.recipe(), &Source::new(&file), &mut packed)
            .unwrap_or_else(|error| panic!("{what}\n{error}"));
        let params = weights::read(graph, &Source::new(&file)).unwrap_or_else(|error| panic!("{what}\n{error}"));
        let image = |index: usize| seeded::uniform(&index.to_string(), graph.input().elements());
        let inputs: Vec<Vec<f32>> = (0..images).map(image).collect();
        for count in [images, images.div_ceil(2)] {
            for (input, found) in inputs.iter().zip(run_batch(plan, &packed, &inputs[..count])) {
                let outputs = reference::run(graph, &params, input).unwrap_or_else(|error| panic!("{what}\n{error}"));
                let result = graph.outputs.iter().filter_map(|output| outputs.value(output.value));
                let result: Vec<f64> = result.flat_map(|value| value.data.iter().copied()).collect();
                let taps = graph.taps.iter().filter_map(|tap| outputs.tap(tap.name)).map(|value| value.data.clone());
                let expected: Vec<Vec<f64>> = taps.chain([result]).collect();
                assert_eq!(expected.len(), found.len(), "{what}");
                expected.iter().zip(&found).for_each(|(expected, found)| close(what, expected, found));
            }
        }
    });
}

#[test]
fn plans_for_several_images_agree_with_the_reference() {
    let (mut together, mut after, mut small_ones) = (0, 0, 0);
    for seed in 0..NETS {
        let source = net(seed);
        let fast = plan("#[batch(5)]", &source);
        let small = plan("#[batch(5)] #[memory(small)]", &source);
        assert!(small.bytes() <= fast.bytes(), "{} of {} bytes: {source}", small.bytes(), fast.bytes());
        let between = (small.bytes() + fast.bytes()) / 2;
        let limited = plan(&format!("#[batch(5)] #[workspace(max = {between})]"), &source);
        assert!(limited.bytes() <= between, "{} of {between} bytes: {source}", limited.bytes());
        for (attribute, plan) in [("", &fast), ("small", &small), ("between", &limited)] {
            agrees(plan, &format!("{attribute} {source}"), 5);
        }
        let last = fast.calls.iter().rposition(|call| call.shared);
        together += usize::from(last.is_some());
        after += usize::from(last.is_some_and(|last| fast.calls[last..].iter().any(|call| call.name.starts_with('u'))));
        small_ones += usize::from(shared(&small).is_empty());
    }
    println!("{together} of {NETS} nets share something, {after} of them before a transposed convolution");
    assert!(together > 20 && after > 0, "{together}, {after}");
    assert_eq!(small_ones, NETS as usize, "sharing takes memory");
}

#[test]
fn nets_of_all_kinds_agree_with_the_reference() {
    for source in ALL {
        for attributes in ["#[batch(8)]", "#[batch(3)] #[memory(small)]"] {
            let plan = plan(attributes, source);
            agrees(&plan, source, if attributes.contains('8') { 8 } else { 3 });
        }
    }
}

/// More images take no more than what leaves the net: everything else is there once.
#[test]
fn small_batches_take_the_memory_of_one_image_and_of_what_leaves() {
    let random: Vec<String> = (0..NETS).map(net).collect();
    for source in ALL.into_iter().chain(random.iter().map(String::as_str)) {
        let one = plan("#[memory(small)]", source);
        for images in [2, 8] {
            let several = plan(&format!("#[batch({images})] #[memory(small)]"), source);
            let most = one.bytes() + leaving(&one, images);
            assert!(several.bytes() <= most, "{images}: {} of {most} bytes, {source}", several.bytes());
            assert_eq!(several.distance, 0, "{source}");
        }
    }
}

/// Few weights are read for each image, rather than that large maps of all are kept.
#[test]
fn few_weights_keep_no_large_maps() {
    for (source, kept) in [(SQUEEZED, 32 + 10), (RESHAPED, 32 + 10), (KEPT, 0), (TRANSPOSED, 64 + 4096)] {
        let (one, eight) = (plan("", source), plan("#[batch(8)]", source));
        let most = one.bytes() + 8 * size_of::<f32>() * (kept + 2 * SPARE) + leaving(&one, 8);
        println!("{} -> {} bytes, at most {most}, shared: {:?}", one.bytes(), eight.bytes(), shared(&eight));
        assert!(eight.bytes() <= most, "{} of {most} bytes: {source}", eight.bytes());
    }
}

/// Many weights are read once.
#[test]
fn classifiers_and_generators_read_their_weights_once() {
    assert_eq!(shared(&plan("#[batch(8)]", HEAD)), ["fc1", "fc2", "fc3"]);
    assert_eq!(shared(&plan("#[batch(8)]", TRANSPOSED)), ["fc"]);
    assert_eq!(shared(&plan("#[batch(8)]", SQUEEZED)), ["fc"]);
    assert!(shared(&plan("", HEAD)).is_empty());
}

/// With less memory, less is shared, and never more than there is room for.
#[test]
fn a_limit_is_kept_by_sharing_less() {
    for source in [HEAD, TRANSPOSED] {
        let (fast, small) = (plan("#[batch(8)]", source), plan("#[batch(8)] #[memory(small)]", source));
        let mut before = usize::MAX;
        for part in (0..=6).rev() {
            let most = small.bytes() + (fast.bytes() - small.bytes()) * part / 6;
            let found = plan(&format!("#[batch(8)] #[workspace(max = {most})]"), source);
            assert!(found.bytes() <= most, "{} of {most} bytes", found.bytes());
            let count = shared(&found).len();
            assert!(count <= before, "{count} shared, {before} with more memory: {source}");
            before = count;
        }
        assert_eq!(before, 0, "nothing is shared in the smallest workspace");
        let at_its_size = plan(&format!("#[batch(8)] #[workspace(max = {})]", fast.bytes()), source);
        assert_eq!(shared(&at_its_size), shared(&fast));
    }
}

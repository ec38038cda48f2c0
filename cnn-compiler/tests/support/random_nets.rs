//! Declarations of nets that look random.

use std::fmt::Write as _;

use crate::random::Random;

impl Random {
    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// Layers that keep the size of maps, so that they can be in any branch.
fn keeping(random: &mut Random, name: &str, channels: usize) -> String {
    match random.below(16) {
        14 => format!("{name}: conv_transpose({channels}, 3x3, pad = 1)"),
        15 => format!("{name}: conv_transpose({channels}, 4x4, stride = 2, pad = 1) -> avg_pool(2x2)"),
        0 => "max_pool(3x3, stride = 1, pad = 1)".to_owned(),
        1 => "avg_pool(3x3, stride = 1, pad = 1, count_include_pad = false)".to_owned(),
        2 => format!("{name}: {}", random.pick(&["batch_norm", "batch_norm(affine = false)"])),
        3 => "lrn(size = 3)".to_owned(),
        4 => random.pick(&["relu", "tanh", "hard_swish", "identity", "dropout(0.1)", "softmax"]).to_owned(),
        5 => {
            format!("{name}: {}", random.pick(&["prelu(per = element)", "prelu(per = tensor)", "scale(per = tensor)"]))
        }
        6 => format!("{name}: conv({channels}, 3x3, pad = 1, groups = {channels})"),
        10 => {
            format!("{name}: {}", random.pick(&["layer_norm(eps = 0.1)", "rms_norm(over = all)", "l2_norm(eps = 0.1)"]))
        }
        11 => format!(
            "{name}: {}",
            random.pick(&["group_norm(1)", "instance_norm(affine = true, eps = 0.1)", "grn(eps = 0.1)"])
        ),
        12 => format!("{name}: {}", random.pick(&["scale", "scale(-0.7)"])),
        13 => format!("{name}: conv({}, 1x1) -> glu", 2 * channels),
        7 => format!("{name}: conv({channels}, 5x3, pad = same, dilation = 2 x 1)"),
        _ => format!("{name}: conv({channels}, {}, pad = same)", random.pick(&["1x1", "3x3", "2x4"])),
    }
}

/// A few steps that end in this many channels.
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
    let kind = random.pick(&["add", "sub", "mul", "max", "concat", "concat"]);
    let mut text = format!("{kind} {{ ");
    for index in 0..count {
        let branch = match kind {
            "concat" if index == 0 && skip => "skip".to_owned(),
            "concat" => {
                let slice = 1 + random.below(9);
                branch(random, &format!("{name}b{index}"), slice, depth)
            }
            _ if index == 0 && skip => "skip".to_owned(),
            "mul" | "max" if index == 1 && random.below(2) == 0 => {
                format!("channel_mean -> {name}b{index}: conv(1, 3x3, pad = 1) -> sigmoid")
            }
            "mul" | "sub" if index == 1 => {
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

/// A net with branches in branches, which ends in three numbers.
pub(crate) fn net(seed: u64) -> String {
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
        // Large enough to skip zeros.
        "wide: linear(400) -> relu -> wider: linear(400) -> relu6 -> fc: linear(3)",
    ]);
    format!("Net: {c}x{h}x{w} -> 3 {{ {body} {tail}; }}")
}

/// A net whose branches read values that were kept, across each other.
pub(crate) fn crossed(seed: u64) -> String {
    let mut random = Random(seed);
    let (channels, h, w) = (1 + random.below(20), 4 + random.below(6), 4 + random.below(6));
    let mut body = format!("{}; keep k0;", branch(&mut random, "a", channels, 1));
    let mut kept = 1;
    for step in 0..2 + random.below(4) {
        let steps = match random.below(3) {
            0 => merge(&mut random, &format!("m{step}"), channels, 1),
            1 => keeping(&mut random, &format!("l{step}"), channels),
            _ => {
                let (kind, first) = (random.pick(&["add", "concat", "mul"]), random.below(kept));
                let then =
                    random.pick(&[" -> relu", "", " -> tanh -> NORM: batch_norm"]).replace("NORM", &format!("n{step}"));
                let second = random.below(kept);
                format!("{kind} {{ from k{first}{then}; skip; from k{second}; }} -> o{step}: conv({channels}, 1x1)")
            }
        };
        let again = random.below(3) == 0;
        let from = if again { format!("keep b{step}; from k{} -> ", random.below(kept)) } else { String::new() };
        let back = if again { format!(" -> add {{ skip; from b{step}; }}") } else { String::new() };
        let _ = write!(body, " {from}{steps}{back}; keep k{kept};");
        kept += 1;
    }
    let all: String = (0..kept).map(|index| format!("from k{index}; ")).collect();
    format!("Net: 2x{h}x{w} -> 3 {{ {body} concat {{ {all}}} -> fc: linear(3); }}")
}

/// Layers next to others that change where their values lie, how long these live, and what is fused.
pub(crate) const NEIGHBOURS: [&str; 13] = [
    "Net: 6x8x8 -> 6x8x8 { keep x; channels(0..3) -> relu; keep a; from x -> channels(3..6) -> tanh;
        concat { from a; skip; } -> add { skip; from x; }; }",
    "Net: 6x8x8 -> 9x8x8 { keep x; channels(1..4) -> c: conv(3, 3x3, pad = 1); concat { skip; from x; } -> relu; }",
    "Net: 6x8x8 -> 4x8x8 { conv(8, 3x3, pad = 1) -> channels(2..6) -> relu6; }",
    "Net: 6x8x8 -> 3x16x16 { a: conv(12, 3x3, pad = 1) -> channels(0..12) -> pixel_shuffle(2) -> relu; }",
    "Net: 5x4x4 -> 5x8x8 { keep x; u: conv_transpose(5, 2x2, stride = 2) -> batch_norm -> relu;
        add { skip; from x -> upsample(2, mode = bilinear); }; }",
    "Net: 5x1x1 -> 5x7x3 { resize(7x3, mode = bicubic) -> add { skip; skip -> layer_norm; } -> l2_norm; }",
    "Net: 16x6x6 -> 16x6x6 { keep x; add { layer_norm -> c: conv(16, 3x3, pad = 1) -> gelu; from x; }
        -> mul { skip; channel_mean -> sigmoid; global_avg_pool -> sigmoid; }; }",
    "Net: 3x9x9 -> 4x5x5 { pad(2, mode = reflect) -> c: conv(4, 5x5) -> crop(5x5) -> max { skip; relu; }
        -> sub { skip; skip -> tanh; }; }",
    "Net: 8x6x6 -> 2 { adaptive_avg_pool(4x3) -> reshape(4x4x6) -> c: conv(4, 2x2) -> group_norm(2) -> glu -> scale
        -> flatten -> channels(3..20) -> linear(2); }",
    "Net: 24x5x5 -> 10 { [{ keep x; concat { channels(0..12);
            channels(12..24) -> c: conv(12, 3x3, pad = 1, groups = 12) -> b: batch_norm; } -> channel_shuffle(2)
        -> add { skip; from x; }; }; 3]; global_avg_pool -> linear(10); }",
    "Net: 7 -> 5 { keep x; linear(5) -> channels(1..3); keep y; concat { from y; from x -> channels(0..3) -> softmax; }; }",
    "Net: 4x7x5 -> 4x7x5 { keep x; d: conv(6, 3x3, stride = 2, pad = 1)
        -> u: conv_transpose(4, 3x3, stride = 2, pad = 1) -> instance_norm(affine = true); mul { skip; from x; } -> hard_tanh; }",
    "Net: 4x7x5 -> 2x7x5 { keep x; keep y; add { from x; from y; } -> glu; }",
];

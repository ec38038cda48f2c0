//! A proposed fix compiles, and is what the author meant: every proposal is applied to its source.

#[path = "support/faulty.rs"]
mod faulty;
#[path = "support/fixes.rs"]
mod fixes;
#[path = "support/random.rs"]
mod random;
#[path = "support/seeds.rs"]
mod seeds;

use std::fs;
use std::path::Path;

use faulty::Nets;
use fixes::{Found, apply, invocations, mistakes, try_fix};
use seeds::seeds;

/// Code in a message that is not a fix: usage, notation, or why something is wrong.
const EXPLAINED: &[&str] = &[
    "usage: `",
    "`[step; n]` repeats a step",
    "it takes doc comments",
    "a layer such as `",
    "for example `",
    "which nets call: `",
    "a variant has all layers",
    "a variant has the layers",
    "a `block` can hold what the nets share",
    "in the same `network!`",
    "leave `->` out",
    "use a `//` comment here",
    "ends in `;`",
    "end in `;`",
    "is `skip;`",
    "{ conv(64, 3x3, pad = 1); skip; }",
    "two parameters make a size",
    "removes a prefix",
    "`#![crate = ",
    "before `flatten` and `linear`, which give vectors",
    "`tap name;` keeps",
    "`keep NAME;`",
    "`from NAME`",
    "`from NAME -> …` begins",
    "`output NAME;` after",
    "after the step whose result it is",
    "after that step",
    "`again NAME` has",
    "`again` in the classifier",
    "declare it after the arrow",
    "`{ left: 1x16x16, right: 2x8x8 }`",
    "kept here: `",
    "to scale maps, use `mul`",
    "sizes are written `3x3`",
    "`3x3`, or `3` for both",
    "for a single layer, write `",
    "a net has one limit of its workspace: `",
    "`#[weights(\"file.safetensors\")]`, relative to",
    "step; ",
    "`map` takes the path of a function",
    "a `resize` goes to any size",
    "`(top, left, bottom, right)`, `same` or `same_lower`",
    "PyTorch's order is left, right, top, bottom",
];

#[test]
fn fixes_of_all_messages_compile() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/ui");
    let (mut tried, mut wrong) = (0, Vec::new());
    for entry in fs::read_dir(folder).expect("there are files of mistakes") {
        let path = entry.expect("it can be read").path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        for source in invocations(&fs::read_to_string(&path).expect("a text")) {
            let found = mistakes(&source).expect("they are tokens");
            for mistake in &found {
                if mistake.fixes.is_empty() && proposes(mistake) {
                    wrong.push(format!("{}: nothing can be tried: {}", path.display(), mistake.message));
                }
                for fix in &mistake.fixes {
                    tried += 1;
                    if let Err(why) = try_fix(&source, &found, mistake, fix) {
                        wrong.push(format!("{}: {}\n{fix:?}\n{why}", path.display(), mistake.message));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(tried > 50, "{tried}");
}

/// Whether a message has code in its help that looks like a fix.
fn proposes(mistake: &Found) -> bool {
    let Some((_, help)) = mistake.message.split_once("\nhelp: ") else { return false };
    let code = help.split('`').skip(1).step_by(2);
    code.into_iter().any(|code| !code.contains('…')) && !EXPLAINED.iter().any(|explained| help.contains(explained))
}

/// A source after the fixes of its mistakes, the first one each time.
fn fixed(source: &str) -> String {
    let mut source = source.to_owned();
    for _ in 0..10 {
        let found = mistakes(&source).expect("they are tokens");
        let Some(fix) = found.iter().find_map(|mistake| mistake.fixes.first()) else { break };
        source = apply(&source, fix);
    }
    source
}

/// What a source expands to.
fn expansion(source: &str) -> String {
    cnn_compiler::network(source.parse().expect("they are tokens")).to_string()
}

/// Checks that layers in the vocabulary of another framework are translated to ours.
#[track_caller]
fn check_meaning(input: &str, table: &[(&str, &str)]) {
    for (theirs, ours) in table {
        let net = |steps: &str| format!("Net: {input} -> 10 {{ {steps}; fc: linear(10); }}");
        let (theirs, ours) = (net(theirs), net(ours));
        assert!(mistakes(&ours).expect("they are tokens").is_empty(), "{ours}");
        let found = mistakes(&theirs).expect("they are tokens");
        assert!(!found.is_empty(), "{theirs}");
        let fixed = fixed(&theirs);
        assert!(expansion(&fixed) == expansion(&ours), "{theirs}\n{fixed}\n{found:#?}");
    }
}

#[test]
fn what_a_layer_reads_is_known() {
    check_meaning(
        "8x16x16",
        &[
            ("batch_norm(8)", "batch_norm"),
            ("batch_norm(8, eps = 1e-3)", "batch_norm(eps = 1e-3)"),
            ("batch_norm(8, 1e-3)", "batch_norm(eps = 1e-3)"),
            ("batch_norm(8, 1e-3, 0.01)", "batch_norm(eps = 1e-3, momentum = 0.01)"),
            ("batch_norm(num_features = 8)", "batch_norm"),
            ("BatchNorm2d(8)", "batch_norm"),
            (
                "BatchNorm2d(8, eps = 0.001, momentum = 0.1, affine = true, track_running_stats = true)",
                "batch_norm(eps = 1e-3)",
            ),
            ("conv(3, 64, 3)", "conv(64, 3)"),
            ("conv(3, 64, kernel_size = 3)", "conv(64, 3)"),
            ("conv(8, 64, 3x3, 2, 1)", "conv(64, 3x3, stride = 2, pad = 1)"),
            ("conv(8, 64, (3, 3), padding = 1, bias = false)", "conv(64, 3x3, pad = 1, bias = false)"),
            ("conv(1, 6, 5)", "conv(6, 5)"),
            ("conv(8, 16, 3)", "conv(16, 3)"),
            ("Conv2d(8, 16, 3, padding = 1)", "conv(16, 3, pad = 1)"),
            ("conv2d(in_channels = 8, out_channels = 16, kernel_size = 3)", "conv(16, 3)"),
            ("linear(2048, 20)", "linear(20)"),
            ("linear(2048, 20, false)", "linear(20, bias = false)"),
            ("Linear(2048, 20, bias = False)", "linear(20, bias = false)"),
            ("linear(in_features = 2048, out_features = 20)", "linear(20)"),
            ("linear(in_features = 2048, 20)", "linear(20)"),
            ("prelu(8)", "prelu"),
            ("prelu(num_parameters = 8)", "prelu"),
            ("[conv(2 * 4, 16, 3); 2]", "[conv(16, 3); 2]"),
            ("Conv2d(kernel_size = 3, 8)", "conv(8, 3)"),
        ],
    );
}

#[test]
fn arguments_in_the_order_of_other_frameworks() {
    check_meaning(
        "3x16x16",
        &[
            ("conv(64, 3, 2, 1)", "conv(64, 3, stride = 2, pad = 1)"),
            ("conv(64, 3x3, 2, same)", "conv(64, 3, stride = 2, pad = same)"),
            ("Conv2D(64, 3, strides = 2, padding = same)", "conv(64, 3, stride = 2, pad = same)"),
            ("Conv2D(64, 3, activation = relu)", "conv(64, 3) -> relu"),
            ("conv(8, 3x3, 2)", "conv(8, 3x3, stride = 2)"),
            ("max_pool(3, 2, 1)", "max_pool(3, stride = 2, pad = 1)"),
            ("max_pool(kernel_size = 2, stride = 2)", "max_pool(2)"),
            ("MaxPool2d(2, 2)", "max_pool(2)"),
            ("MaxPool2d(2, return_indices = false)", "max_pool(2)"),
            ("avg_pool(2, 2, 0, true, false)", "avg_pool(2, ceil = true, count_include_pad = false)"),
            ("AveragePooling2D(pool_size = 2)", "avg_pool(2)"),
            ("linear(20, false)", "linear(20, bias = false)"),
            ("linear(20, relu)", "linear(20) -> relu"),
            ("Dense(20, activation = tanh)", "linear(20) -> tanh"),
            ("linear(20, bias = False)", "linear(20, bias = false)"),
            ("linear(20, bias = 0)", "linear(20, bias = false)"),
            ("linear(20.0)", "linear(20)"),
            ("conv(8, 3x3, stride = 2.0)", "conv(8, 3x3, stride = 2)"),
            ("conv(8, 3x3, pad = \"same\")", "conv(8, 3x3, pad = same)"),
            ("conv(8, 3x3, padding = valid)", "conv(8, 3x3)"),
            ("conv(8, 3x3, padding_mode = zeros)", "conv(8, 3x3)"),
            ("lrn(5, 0.1, 0.5, 1.0)", "lrn(size = 5, alpha = 0.1, beta = 0.5, k = 1.0)"),
            ("lrn(n = 3)", "lrn(size = 3)"),
            ("gelu(tanh)", "gelu(approximate = tanh)"),
            ("gelu(approximate = \"tanh\")", "gelu(approximate = tanh)"),
            ("leaky_relu(0.2, true)", "leaky_relu(0.2)"),
            ("leaky_relu(negative_slope = 0.2)", "leaky_relu(0.2)"),
            ("leaky_relu(alpha = 0.2)", "leaky_relu(0.2)"),
            ("elu(1.0, inplace)", "elu(1.0)"),
        ],
    );
}

#[test]
fn arguments_that_are_not_needed() {
    check_meaning(
        "3x16x16",
        &[
            ("relu(inplace = true)", "relu"),
            ("relu(true)", "relu"),
            ("relu(inplace)", "relu"),
            ("ReLU(inplace = True)", "relu"),
            ("relu(6)", "relu6"),
            ("ReLU6()", "relu6"),
            ("dropout(p = 0.3, inplace = true)", "dropout(p = 0.3)"),
            ("dropout(0.3, inplace)", "dropout(0.3)"),
            ("dropout(0.3, true)", "dropout(0.3)"),
            ("flatten(1)", "flatten"),
            ("flatten(start_dim = 1)", "flatten"),
            ("Flatten()", "flatten"),
            ("softmax(dim = 1)", "softmax"),
            ("softmax(1)", "softmax"),
            ("LogSoftmax(dim = 1)", "log_softmax"),
            ("LayerNorm(8)", "layer_norm"),
            ("layer_norm(8, eps = 1e-6)", "layer_norm(eps = 1e-6)"),
            ("LayerNorm(normalized_shape = 8, elementwise_affine = False)", "layer_norm(affine = false)"),
            ("LayerNorm2d(8)", "layer_norm"),
            ("layer_norm((3, 16, 16))", "layer_norm(over = all)"),
            ("LayerNorm((3, 16, 16))", "layer_norm(over = all)"),
            ("GroupNorm(3, 8)", "group_norm(3)"),
            ("group_norm(3, 8, 1e-3)", "group_norm(3, eps = 1e-3)"),
            ("group_norm(num_groups = 3, num_channels = 8, eps = 1e-3)", "group_norm(3, eps = 1e-3)"),
            ("InstanceNorm2d(8, affine = True)", "instance_norm(affine = true)"),
            ("InstanceNorm2d(8)", "instance_norm"),
            ("RMSNorm(8)", "rms_norm"),
            ("normalize(p = 2, dim = 1)", "l2_norm"),
            ("conv(4, 1) -> GLU(dim = 1)", "conv(4, 1) -> glu"),
            ("conv(4, 1) -> GLU(1)", "conv(4, 1) -> glu"),
            ("LogSigmoid", "log_sigmoid"),
            ("logsigmoid", "log_sigmoid"),
            ("Hardtanh(-2, 2)", "hard_tanh(min = -2, max = 2)"),
            ("hardtanh(min_val = -0.5, max_val = 0.5, inplace = True)", "hard_tanh(min = -0.5, max = 0.5)"),
            ("hard_tanh(-0.5)", "hard_tanh(min = -0.5)"),
            ("CELU(alpha = 0.5)", "celu(0.5)"),
            ("Softshrink(lambd = 0.1)", "soft_shrink(0.1)"),
            ("Softplus(beta = 2, threshold = 10)", "softplus(beta = 2, threshold = 10)"),
            ("Threshold(0.1, 20)", "threshold(0.1, 20)"),
            ("threshold(0.1, 20, true)", "threshold(0.1, 20)"),
            ("global_avg_pool(1)", "global_avg_pool"),
            ("AdaptiveAvgPool2d(1)", "global_avg_pool"),
            ("AdaptiveAvgPool2d((1, 1))", "global_avg_pool"),
            ("adaptive_avg_pool2d(1)", "global_avg_pool"),
            ("AdaptiveMaxPool2d(1)", "global_max_pool"),
            ("GlobalAveragePooling2D()", "global_avg_pool"),
            ("AdaptiveAvgPool2d((6, 6))", "adaptive_avg_pool(6x6)"),
            ("AdaptiveAvgPool2d(7)", "adaptive_avg_pool(7)"),
            ("adaptive_max_pool2d(output_size = (3, 5))", "adaptive_max_pool(3x5)"),
            ("ConvTranspose2d(3, 8, 2, stride = 2)", "conv_transpose(8, 2, stride = 2)"),
            ("ConvTranspose2d(3, 8, 3, 2, 1, 1)", "conv_transpose(8, 3, stride = 2, pad = 1, output_pad = 1)"),
            (
                "conv_transpose(8, 4, stride = 2, output_padding = 1)",
                "conv_transpose(8, 4, stride = 2, output_pad = 1)",
            ),
        ],
    );
}

#[test]
fn layers_that_move_numbers() {
    check_meaning(
        "16x8x8",
        &[
            ("channels(4, 12)", "channels(4..12)"),
            ("channels(8)", "channels(0..8)"),
            ("PixelShuffle(2)", "pixel_shuffle(2)"),
            ("PixelShuffle(upscale_factor = 2)", "pixel_shuffle(factor = 2)"),
            ("PixelUnshuffle(2)", "pixel_unshuffle(2)"),
            ("ChannelShuffle(4)", "channel_shuffle(4)"),
            ("Upsample(scale_factor = 2)", "upsample(factor = 2)"),
            ("upsample(scale_factor = 2, mode = bilinear)", "upsample(factor = 2, mode = bilinear)"),
            ("UpSampling2D(2)", "upsample(2)"),
            ("upsample(2, mode = linear)", "upsample(2, mode = bilinear)"),
            ("pad(1, mode = edge)", "pad(1, mode = replicate)"),
            ("upsample(2, 3)", "upsample(2x3)"),
            ("resize(5, 6)", "resize(5x6)"),
            ("reshape(4, 16, 16)", "reshape(4x16x16)"),
            ("reshape(-1, 4, 16, 16)", "reshape(4x16x16)"),
            ("reshape(-1, 1024)", "reshape(1024)"),
            ("CenterCrop(6)", "crop(6)"),
            ("crop(4, 6)", "crop(4x6)"),
            ("ZeroPad2d(1)", "pad(1)"),
            ("pad(1, 1, 1, 1)", "pad(1)"),
        ],
    );
}

#[test]
fn shapes_in_other_orders() {
    for (theirs, ours) in [
        (
            "Net: 28x28x1 -> 10 { conv(8, 3x3); fc: linear(10); }",
            "Net: 1x28x28 -> 10 { conv(8, 3x3); fc: linear(10); }",
        ),
        (
            "Net: 24x32x3 -> 10 { max_pool(5x5); fc: linear(10); }",
            "Net: 3x24x32 -> 10 { max_pool(5x5); fc: linear(10); }",
        ),
        ("Net: 8x3x32x32 -> 10 { fc: linear(10); }", "Net: 3x32x32 -> 10 { fc: linear(10); }"),
        ("Net: 1x32x32x3 -> 10 { fc: linear(10); }", "Net: 3x32x32 -> 10 { fc: linear(10); }"),
        ("Net: 32x32 -> 10 { fc: linear(10); }", "Net: 1x32x32 -> 10 { fc: linear(10); }"),
        ("Net: 3x8x8 -> 1x10 { fc: linear(10); }", "Net: 3x8x8 -> 10 { fc: linear(10); }"),
        ("Net: 3x8x8 -> 192 { relu; }", "Net: 3x8x8 -> 192 { relu; flatten; }"),
        ("Net: 3x8x8 -> 3 { relu; }", "Net: 3x8x8 -> 3 { relu; global_avg_pool -> flatten; }"),
        ("Net: 3x8x8 -> 7 { relu; }", "Net: 3x8x8 -> 7 { relu; fc: linear(7); }"),
        ("Net: 3x8x8 -> 7 { linear(8) -> softmax; }", "Net: 3x8x8 -> 7 { linear(7) -> softmax; }"),
        (
            "Net: 3x8x8 -> 16x4x4 { a: conv(8, 3x3, stride = 2, pad = 1) -> add { b: conv(16, 1x1); skip; }; }",
            "Net: 3x8x8 -> 16x4x4 { a: conv(8, 3x3, stride = 2, pad = 1) -> add { b: conv(16, 1x1); skip -> project: conv(16, 1x1); }; }",
        ),
        (
            "Net: 8x8x8 -> 8x8x8 { add { conv(8, 3x3); skip; }; }",
            "Net: 8x8x8 -> 8x8x8 { add { conv(8, 3x3, pad = 1); skip; }; }",
        ),
        (
            "Net: 8x8x8 -> 16x8x8 { concat { conv(8, 5x5) -> relu; conv(8, 3x3, pad = 1); }; }",
            "Net: 8x8x8 -> 16x8x8 { concat { conv(8, 5x5, pad = 2) -> relu; conv(8, 3x3, pad = 1); }; }",
        ),
    ] {
        let fixed = fixed(theirs);
        assert!(expansion(&fixed) == expansion(ours), "{theirs}\n{fixed}");
    }
}

/// Where the intention is unclear, or the language has no equivalent, nothing is proposed.
#[test]
fn what_is_not_clear_is_not_proposed() {
    for source in [
        "Net: 3x8x8 -> (10, 5) { linear(10); }",
        "Net: 3x8x8 -> 10x5 { linear(10); }",
        "Net: 8x8x8 -> 8x8x8 { add { conv(8, 3x3, stride = 3); skip; }; }",
        "Net: 8x8x8 -> 10 { conv(8, 3x3, stride); linear(10); }",
        "Net: 8x8x8 -> 10 { conv(8, 3x3, 2.5); linear(10); }",
        "Net: 8x8x8 -> 10 { linear(10, 0.5); }",
        "Net: 8x8x8 -> 10 { flatten(2); linear(10); }",
        "Net: 8x8x8 -> 10 { batch_norm(track_running_stats = false); linear(10); }",
        "Net: 8x8x8 -> 10 { Conv1d(8, 3); linear(10); }",
        "Net: 8x8x8 -> 10 { Softmin(1); linear(10); }",
        "Net: 8x8x8 -> 10 { CReLU(); linear(10); }",
        "Net: 8x8x8 -> 10 { stem(64); linear(10); }",
        "Net: 8x8x8 -> 10 { lrn(q = 5); linear(10); }",
        "block b(c, n) { conv(c, n, 2); } Net: 8x8x8 -> 10 { b(3, 3); linear(10); }",
        "Net: 8x8x8 -> 10 { max_pool(3, 2, 1, 1, false, true); linear(10); }",
    ] {
        let found = mistakes(source).expect("they are tokens");
        assert!(!found.is_empty(), "{source}");
        let fixes: Vec<&Found> = found.iter().filter(|mistake| !mistake.fixes.is_empty()).collect();
        let proposals: Vec<&Found> = found.iter().filter(|mistake| proposes(mistake)).collect();
        // Numbers before the unclear one may be clear.
        let clear = if source.contains("false, true") { 3 } else { 0 };
        assert!(fixes.len() <= clear && proposals.len() <= clear, "{source}\n{found:#?}");
    }
}

/// A pooling of one pixel is not a pooling, whatever the padding.
#[test]
fn a_window_is_not_padded_to_nothing_else() {
    let found = mistakes("Net: 8x1x1 -> 8 { max_pool(2x2) -> flatten; }").expect("they are tokens");
    assert_eq!(
        found[0].message,
        "max_pool: a window of 2x2 does not fit an input of 1x1\nhelp: an input of at least 2x2"
    );
}

/// Random nets with a random fault: every proposal removes the mistake, and introduces no other.
#[test]
fn fixes_of_faulty_nets_compile() {
    let mut tried = 0;
    for seed in seeds() {
        let source = Nets::new(seed).faulty();
        let found = mistakes(&source).unwrap_or_default();
        for mistake in &found {
            for fix in &mistake.fixes {
                tried += 1;
                let again = format!("again with CNN_FUZZ_SEED={seed} CNN_FUZZ_ROUNDS=1");
                if let Err(why) = try_fix(&source, &found, mistake, fix) {
                    panic!("{source}\n\n{}\n{fix:?}\n\n{why}\n{again}", mistake.message);
                }
            }
        }
    }
    println!("{tried} fixes were tried");
}

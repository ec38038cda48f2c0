//! What the optimiser turns layers into, as the list of kernels that run: each pass where it fires, and where it must not.

mod planned;

use cnn_compiler::plan::Call;
use cnn_net::graph::Graph;
use planned::plan;

/// The kernels of a net, one per line, with what was fused into them.
fn kernels(source: &str) -> String {
    let plan = plan(source).unwrap_or_else(|error| panic!("{error}"));
    let line = |graph: &Graph<'_>, call: &Call| format!("{}: {}", call.name, call.doc(graph));
    let lines: Vec<String> =
        plan.describe("Net", "", |graph| plan.calls.iter().map(|call| line(graph, call)).collect());
    lines.join("\n")
}

#[track_caller]
fn assert_kernels(source: &str, expected: &[&str]) {
    assert_eq!(kernels(source), expected.join("\n"));
}

#[test]
fn lenet5() {
    assert_kernels(
        "LeNet5: 1x32x32 -> 10 {
            conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2);
            conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
            fc1: linear(120) -> tanh;
            fc2: linear(84) -> tanh;
            fc3: linear(10) -> softmax;
        }",
        &[
            "input: the image, 1x32x32",
            "conv1: 1x32x32 -> 6x14x14: conv 5x5 by F(4x1, 5x5), tanh, avg_pool 2x2",
            "conv2: 6x14x14 -> 16x5x5: conv 5x5 by F(5x1, 5x5), tanh, avg_pool 2x2",
            "fc1: 16x5x5 -> 120: linear, tanh",
            "fc2: 120 -> 84: linear, tanh",
            "fc3: 84 -> 10: linear",
            "11: 10 -> 10: softmax",
        ],
    );
}

#[test]
fn a_normalisation_is_folded_and_a_residual_added() {
    assert_kernels(
        "Net: 8x9x9 -> 8x9x9 {
            add { c: conv(8, 3x3, pad = 1) -> n: batch_norm -> relu -> d: conv(8, 1x1) -> m: batch_norm; skip; } -> relu;
        }",
        &[
            "input.halo: zeros around 9x9",
            "input: the image, 8x9x9",
            "c: 8x9x9 -> 8x9x9: conv 3x3, batch_norm, relu",
            "d: 8x9x9 -> 8x9x9: conv 1x1, batch_norm, add, relu",
            "output.chw: 8x9x9 in the order C, H, W",
        ],
    );
}

#[test]
fn a_scale_is_folded_where_no_normalisation_is() {
    assert_kernels(
        "Net: 8x9x9 -> 8x9x9 {
            add { c: conv(8, 1x1) -> s: scale -> relu -> d: conv(8, 1x1) -> scale(0.1); skip; };
            e: conv(8, 1x1) -> n: batch_norm -> t: scale -> relu;
        }",
        &[
            "input: the image, 8x9x9",
            "c: 8x9x9 -> 8x9x9: conv 1x1, scale, relu",
            "d: 8x9x9 -> 8x9x9: conv 1x1, scale, add",
            "e: 8x9x9 -> 8x9x9: conv 1x1, batch_norm",
            "t: 8x9x9 -> 8x9x9: scale, relu",
            "output.chw: 8x9x9 in the order C, H, W",
        ],
    );
}

#[test]
fn a_value_that_is_read_twice_is_not_fused() {
    // The first tap reads the value before the normalisation, the second one that before the function.
    assert_kernels(
        "Net: 2x4x4 -> 3x4x4 { c: conv(3, 1x1); tap raw; n: batch_norm; tap normal; r: relu; }",
        &[
            "input: the image, 2x4x4",
            "c: 2x4x4 -> 3x4x4: conv 1x1",
            "raw.chw: 3x4x4 in the order C, H, W",
            "n: 3x4x4 -> 3x4x4: batch_norm",
            "normal.chw: 3x4x4 in the order C, H, W",
            "r: 3x4x4 -> 3x4x4: relu",
            "output.chw: 3x4x4 in the order C, H, W",
        ],
    );
}

#[test]
fn a_normalisation_after_a_function_is_not_folded() {
    assert_kernels(
        "Net: 2x4x4 -> 3 { c: conv(3, 4x4) -> r: relu -> n: batch_norm -> flatten; }",
        &["input: the image, 2x4x4", "c: 2x4x4 -> 3x1x1: conv 4x4, relu", "n: 3x1x1 -> 3x1x1: batch_norm"],
    );
}

#[test]
fn a_sum_of_three_is_not_fused() {
    assert_kernels(
        "Net: 3 -> 3 { add { a: linear(3); b: linear(3); skip; } -> relu; }",
        &["input: the image, 3", "a: 3 -> 3: linear", "b: 3 -> 3: linear", "0: 3 -> 3: add, relu"],
    );
}

#[test]
fn a_residual_after_a_function_is_not_fused() {
    assert_kernels(
        "Net: 3 -> 3 { add { a: linear(3) -> relu; skip; }; }",
        &["input: the image, 3", "a: 3 -> 3: linear, relu", "0: 3 -> 3: add"],
    );
}

#[test]
fn branches_of_a_concat_are_written_in_place() {
    assert_kernels(
        "Net: 4x5x5 -> 9x1x1 { concat { a: conv(2, 1x1); max_pool(1x1); b: conv(3, 1x1); } -> global_max_pool; }",
        &[
            "input: the image, 4x5x5",
            "a: 4x5x5 -> 2x5x5: conv 1x1",
            "1: 4x5x5 -> 4x5x5: max_pool 1x1",
            "b: 4x5x5 -> 3x5x5: conv 1x1",
            "1: 9x5x5 -> 9x1x1: global_max_pool",
        ],
    );
}

#[test]
fn a_branch_that_stands_twice_is_copied_once() {
    assert_kernels(
        "Net: 2x3x3 -> 4x1x1 { concat { skip; skip; } -> global_max_pool; }",
        &["input: the image, 2x3x3", "0: a branch into its channels of 4x3x3", "1: 4x3x3 -> 4x1x1: global_max_pool"],
    );
}

#[test]
fn what_does_nothing_is_gone() {
    assert_kernels(
        "Net: 2x3x3 -> 5 { dropout(0.5) -> identity -> flatten -> dropout -> fc: linear(5); }",
        &["input: the image, 2x3x3", "fc: 18 -> 5: linear"],
    );
}

#[test]
fn an_auxiliary_classifier_does_not_run() {
    assert_kernels(
        "Net: 2x3x3 -> 5 { relu; aux head(weight = 0.3) { fc: linear(7); }; fc: linear(5); }",
        &["input: the image, 2x3x3", "0: 2x3x3 -> 2x3x3: relu", "fc: 2x3x3 -> 5: linear"],
    );
}

#[test]
fn a_flatten_that_something_else_reads_is_kept() {
    assert_kernels(
        "Net: 2x3x3 -> 18 { flatten -> softmax; }",
        &["input: the image, 2x3x3", "0: 2x3x3 -> 18: flatten", "1: 18 -> 18: softmax"],
    );
}

#[test]
fn weights_in_half_precision_have_a_kernel_of_their_own() {
    assert_kernels(
        "#[store(f16)] Net: 2x3x3 -> 5 { a: linear(7) -> n: batch_norm -> relu -> b: linear(5, store = f32); }",
        &["input: the image, 2x3x3", "a: 2x3x3 -> 7: linear, weights in f16, batch_norm, relu", "b: 7 -> 5: linear"],
    );
    let len = |source| plan(source).map_or(0, |plan| plan.packed_len);
    let (f16, f32) = (len("Net: 100 -> 64 { a: linear(64, store = f16); }"), len("Net: 100 -> 64 { a: linear(64); }"));
    assert_eq!((f16, f32), (64 + 64 * 100 / 2, 64 + 64 * 100));
}

/// The fully connected layers of a net, in order, each with whether it skips zeros.
#[track_caller]
fn assert_nonzero(net: &str, expected: &[bool]) {
    let net = plan(net).unwrap_or_else(|error| panic!("{error}"));
    let dense = net.calls.iter().map(|call| call.kernel.function()).filter(|name| name.starts_with("dense"));
    let nonzero = dense.map(|name| name.starts_with("dense_nonzero"));
    assert_eq!(nonzero.collect::<Vec<_>>(), expected);
}

#[test]
fn large_layers_after_a_relu_skip_zeros() {
    let net = "Net: 8x8x8 -> 10 { conv(64, 3x3, pad = 1) -> relu -> lrn -> max_pool(2x2);
        linear(500) -> relu6 -> linear(500) -> tanh -> linear(500) -> relu -> linear(10); }";
    assert_nonzero(net, &[true, true, false, false]);
    // A batch reads the same weights.
    assert_nonzero(&format!("#[batch(2)] {net}"), &[true, true, false, false]);
    assert_nonzero(&format!("#[store(f16)] {net}"), &[true, false, false, false]);
    // Means of a ReLU's outputs, and sums with other values.
    assert_nonzero("Net: 8x8x8 -> 999 { conv(512, 1x1) -> relu -> global_avg_pool -> linear(999); }", &[false]);
    let merged = |branches: &str| format!("Net: 512 -> 512 {{ concat {{ {branches} }} -> linear(512); }}");
    assert_nonzero(&merged("linear(5) -> relu; linear(507) -> relu;"), &[false, false, true]);
    assert_nonzero(&merged("linear(5) -> relu; skip;"), &[false, false]);
    assert_kernels(
        "Net: 500 -> 700 { a: linear(500) -> relu -> b: linear(500) -> relu -> c: linear(700, store = f16) -> relu; }",
        &[
            "input: the image, 500",
            "a: 500 -> 500: linear, relu",
            "b: 500 -> 500: linear of nonzero inputs, relu",
            "c: 500 -> 700: linear of nonzero inputs, weights in f16, relu",
        ],
    );
}

#[test]
fn a_repeat_names_its_steps_with_a_counter() {
    assert_kernels(
        "Net: 3 -> 3 { block: [fc1..: linear(3); 2]; }",
        &["input: the image, 3", "block.fc1: 3 -> 3: linear", "block.fc2: 3 -> 3: linear"],
    );
}

#[test]
fn convolutions_can_be_computed_as_they_are() {
    let body = "Net: 32x28x28 -> 32x28x28 { a: conv(32, 3x3, pad = 1) -> relu; }";
    let input = ["input.halo: zeros around 28x28", "input: the image, 32x28x28"];
    let output = "output.chw: 32x28x28 in the order C, H, W";
    let fast = "a: 32x28x28 -> 32x28x28: conv 3x3 by F(4, 3), relu";
    assert_kernels(body, &[input[0], input[1], fast, output]);
    let exact = "a: 32x28x28 -> 32x28x28: conv 3x3, relu";
    assert_kernels(&format!("#[algorithm(exact)] {body}"), &[input[0], input[1], exact, output]);
}

/// The kernels for a convolution `a` and the steps after it, over a map of 1x20x20.
#[track_caller]
fn assert_first(layers: &str, expected: &str) {
    let found = kernels(&format!("Net: 1x20x20 -> 2 {{ {layers} fc: linear(2); }}"));
    let first = found.lines().find(|line| line.starts_with("a: ")).expect("`a` runs");
    assert_eq!(first, format!("a: {expected}"));
}

#[test]
fn few_filters_over_a_single_channel_are_pooled_at_once() {
    assert_first("a: conv(8, 5x5) -> max_pool(2x2);", "1x20x20 -> 8x8x8: conv 5x5 by F(4x1, 5x5), max_pool 2x2");
    assert_first("a: conv(1, 5x1) -> tanh;", "1x20x20 -> 1x16x20: conv 5x1 by F(4x1, 5x1), tanh");
    assert_first(
        "a: conv(6, 3x3, pad = 1) -> gelu -> avg_pool(2x2);",
        "1x20x20 -> 6x10x10: conv 3x3, gelu, avg_pool 2x2",
    );
    // Poolings that don't quarter the map, or whose input something else reads too.
    assert_first("a: conv(2, 2x2) -> max_pool(2x2);", "1x20x20 -> 2x19x19: conv 2x2");
    assert_first("a: conv(2, 3x3) -> max_pool(3x3);", "1x20x20 -> 2x18x18: conv 3x3");
    assert_first("a: conv(2, 3x3); tap seen; max_pool(2x2);", "1x20x20 -> 2x18x18: conv 3x3");
}

#[test]
fn few_channels_are_transformed_along_columns() {
    let second = |layers: &str| {
        let net = kernels(&format!("Net: 6x14x14 -> 2 {{ {layers} fc: linear(2); }}"));
        net.lines().find(|line| line.starts_with("a: ")).unwrap_or_default().to_owned()
    };
    assert_eq!(
        second("a: conv(16, 5x5) -> relu -> max_pool(2x2);"),
        "a: 6x14x14 -> 16x5x5: conv 5x5 by F(5x1, 5x5), relu, max_pool 2x2"
    );
    assert_eq!(second("a: conv(16, 5x3) -> tanh;"), "a: 6x14x14 -> 16x10x12: conv 5x3 by F(5x1, 5x3), tanh");
    assert_eq!(second("a: conv(16, 5x5, stride = 2);"), "a: 6x14x14 -> 16x5x5: conv 5x5");
    assert_eq!(second("a: conv(16, 5x5, groups = 2);"), "a: 6x14x14 -> 16x10x10: conv 5x5");
    // Many channels, a residual, and an input with other values between its pixels.
    assert_eq!(
        second("conv(32, 1x1); a: conv(64, 5x5) -> relu;"),
        "a: 32x14x14 -> 64x10x10: conv 5x5 by F(4, 5), relu"
    );
    assert_eq!(second("add { a: conv(6, 5x5, pad = 2); skip; };"), "a: 6x14x14 -> 6x14x14: conv 5x5, add");
    assert_eq!(second("concat { a: conv(6, 5x5, pad = 2); skip; };"), "a: 6x14x14 -> 6x14x14: conv 5x5");
}

#[test]
fn a_channel_among_others_is_no_plane() {
    let name = |layers: &str| {
        let net = plan(&format!("Net: 1x20x20 -> 3x20x20 {{ {layers} }}")).unwrap_or_else(|error| panic!("{error}"));
        net.calls.into_iter().find(|call| call.name == "a").map(|call| call.kernel.function())
    };
    let plane = name("concat { identity -> a: conv(2, 3x3, pad = 1); max_pool(1x1); };");
    assert_eq!(plane, Some("planar2d"));
    // The input lies in the concat, with two channels between its pixels.
    let slice = name("concat { a: conv(2, 3x3, pad = 1); skip; };");
    assert_eq!(slice, Some("conv2d"));
}

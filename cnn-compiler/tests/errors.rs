//! Mistakes in every argument of every layer, and whatever else tests/ui of the `cnn` crate has no file for: the message,
//! and the part of the source where it is shown.
//!
//! A mutated net may be wrong in any way, but the compiler does not panic, and no error is shown at the whole
//! invocation.

#[path = "support/fuzz.rs"]
mod fuzz;
#[path = "support/random.rs"]
mod random;
#[path = "support/seeds.rs"]
mod seeds;
mod support;

use fuzz::Fuzzer;
use seeds::seeds;
use support::errors;

/// Checks that a source has exactly these mistakes, each given as a part of the source and the first line of its message.
#[track_caller]
fn check(source: &str, expected: &[(&str, &str)]) {
    let found = errors(source);
    let found: Vec<(&str, &str)> =
        found.iter().map(|error| (error.at.as_str(), error.message.lines().next().unwrap_or_default())).collect();
    assert_eq!(found, expected, "{source}");
}

/// Checks a table of steps, each of which is the only one in its net.
#[track_caller]
fn check_steps(table: &[(&str, &str, &str)]) {
    for (step, at, message) in table {
        check(&format!("Net: 4x16x16 -> 10 {{ {step}; }}"), &[(at, message)]);
    }
}

#[test]
fn statements_of_other_languages() {
    // Each is reported once, and read on.
    check_steps(&[
        ("x = linear(10)", "=", "expected `:` after the name of a step, found `=`"),
        ("let x = linear(10)", "let x =", "a net has steps and no variables"),
        ("let mut \"x.0\" = linear(10)", "let mut \"x.0\" =", "a net has steps and no variables"),
        ("a.0: linear(10)", "a.0", "expected the name of a step, found `a.0`"),
        ("a.0.1: linear(10)", "a.0.1", "expected the name of a step, found `a.0.1`"),
        ("a.0.b-c = linear(10)", "a.0.b-c", "expected the name of a step, found `a.0.b-c`"),
        ("self.x.0: linear(10)", "self.x.0", "expected the name of a step, found `self.x.0`"),
        ("self.linear(10)", "self.", "layers and blocks are in no module or object"),
        ("x: torch.nn.linear(10)", "torch.nn.", "layers and blocks are in no module or object"),
        ("nn::linear(10)", "nn::", "layers and blocks are in no module or object"),
        ("relu.linear(10)", ".", "expected `->`, found `.`"),
        ("relu >> linear(10)", ">>", "expected `->`, found `>>`"),
        ("relu | linear(10)", "|", "expected `->`, found `|`"),
        ("linear(10); return x", "return", "a net's result is that of its last statement"),
        ("for i in 0..3 { relu } linear(10)", "for", "a net has no loops"),
        ("while true { relu; }; linear(10)", "while", "a net has no loops"),
        (
            "if a { relu } else if b { tanh } else { relu } linear(10)",
            "if",
            "a net has no conditions: the same layers run for each input",
        ),
    ]);
    // A step may be called as its layer is elsewhere: what is meant is the layer.
    check_steps(&[
        ("fc: fc(10)", "fc", "there is no layer or block `fc`"),
        ("bn: bn; linear(10)", "bn", "there is no layer or block `bn`"),
        (
            "x: relu; linear(10); x",
            "x",
            "there is no layer or block `x`: it is the name of a step, whose result goes to the next step only",
        ),
        ("keep x; relu; add { x; skip; }; linear(10)", "x", "there is no layer or block `x`: it is a value"),
    ]);
    // These words are names, too.
    for step in ["for: linear(10)", "if: relu -> return: linear(10)", "r#loop: linear(10)", "nn: linear(10)"] {
        check(&format!("Net: 4x16x16 -> 10 {{ {step}; }}"), &[]);
    }
    for broken in [
        "a. = relu",
        "let = relu",
        "let x",
        "a.: relu",
        ".a: relu",
        "nn. -> relu",
        "self.",
        "let let x = relu",
        "a-: b",
    ] {
        let found = errors(&format!("Net: 4x16x16 -> 10 {{ {broken}; linear(10); }}"));
        assert!(!found.is_empty(), "{broken}");
    }
}

#[test]
fn arguments_of_conv() {
    check_steps(&[
        ("conv", "conv", "conv: `filters` and `size` are missing"),
        ("conv(8)", "conv", "conv: `size` is missing"),
        ("conv(size = 3)", "conv", "conv: `filters` is missing"),
        ("conv(0, 3)", "0", "conv: `filters = 0`, expected at least 1"),
        ("conv(-8, 3)", "-8", "conv: `filters = -8`, expected at least 1"),
        ("conv(16777217, 3)", "16777217", "conv: `filters = 16777217`, expected at most 16777216"),
        ("conv(true, 3)", "true", "conv: `filters = true`, expected one whole number"),
        ("conv((8, 8), 3)", "(8, 8)", "conv: `filters = (8, 8)`, expected one whole number"),
        ("conv(8, 3x0)", "3x0", "conv: `size = 0`, expected at least 1"),
        ("conv(8, 3 x -3)", "-3", "conv: `size = -3`, expected at least 1"),
        ("conv(8, 1.5)", "1.5", "conv: `size = 1.5`, expected whole numbers"),
        ("conv(8, false)", "false", "conv: `size = false`, expected whole numbers"),
        ("conv(8, 3x3x3)", "3x3x3", "conv: `size = 3x3x3`, expected height and width"),
        ("conv(8, 3, stride = 1x0)", "1x0", "conv: `stride = 0`, expected at least 1"),
        ("conv(8, 3, stride = 0.5)", "0.5", "conv: `stride = 0.5`, expected whole numbers"),
        ("conv(8, 3, stride = 33333333)", "33333333", "conv: `stride = 33333333`, expected at most 16777216"),
        ("conv(8, 3, pad = -1)", "-1", "conv: `pad = -1`, expected at least 0"),
        ("conv(8, 3, pad = 1x2x3)", "1x2x3", "conv: `pad = 1x2x3`, expected a number, a size or `same`"),
        ("conv(8, 3, pad = 0.5)", "0.5", "conv: `pad = 0.5`, expected a number, a size or `same`"),
        ("conv(8, 3, pad = smae)", "smae", "conv: `pad = smae`, expected a number, a size or `same`"),
        ("conv(8, 3, pad = (1, 2, -3, 4))", "-3", "conv: `pad = -3`, expected at least 0"),
        ("conv(8, 3, dilation = 0)", "0", "conv: `dilation = 0`, expected at least 1"),
        ("conv(8, 3, groups = 0)", "0", "conv: `groups = 0`, expected at least 1"),
        ("conv(8, 3, groups = 2x2)", "2x2", "conv: `groups = 2x2`, expected one whole number"),
        ("conv(8, 3, bias = 1)", "1", "conv: `bias = 1`, expected `true` or `false`"),
        ("conv(8, 3, bias = ture)", "ture", "conv: `bias = ture`, expected `true` or `false`"),
        ("conv(8, 3, 1)", "1", "conv: `1` needs a name"),
        ("conv(8, 3, bias)", "bias", "conv: `bias` needs a value"),
        ("conv(8, 3, size = 5)", "size", "conv: `size` is given twice: 3 and 5"),
        ("conv(8, 3, bias = true, bias = true)", "bias", "conv: `bias` is given twice: true and true"),
    ]);
}

#[test]
fn arguments_of_linear() {
    check_steps(&[
        ("linear", "linear", "linear: `features` is missing"),
        ("linear(0)", "0", "linear: `features = 0`, expected at least 1"),
        ("linear(10.0)", "10.0", "linear: `features = 10.0`, expected one whole number"),
        ("linear(10, false)", "false", "linear: `false` needs a name"),
        ("linear(10, bias = no)", "no", "linear: `bias = no`, expected `true` or `false`"),
        ("linear(10, units = 5)", "units", "linear: unknown argument `units`"),
    ]);
}

#[test]
fn arguments_of_pools() {
    for pool in ["max_pool", "avg_pool"] {
        for (arguments, at, message) in [
            ("", pool, "`size` is missing"),
            ("0", "0", "`size = 0`, expected at least 1"),
            ("2.5", "2.5", "`size = 2.5`, expected whole numbers"),
            ("2, stride = 0", "0", "`stride = 0`, expected at least 1"),
            ("2, 2", "2", "`2` needs a name"),
            ("2, pad = -1", "-1", "`pad = -1`, expected at least 0"),
            ("3, pad = 3", "pad = 3", "expected a pad smaller than the window's height of 3, found 3"),
            ("3x2, pad = 2", "pad = 2", "expected a pad smaller than the window's width of 2, found 2"),
            ("2, dilation = 0", "0", "`dilation = 0`, expected at least 1"),
            ("2, ceil = 1", "1", "`ceil = 1`, expected `true` or `false`"),
            ("2, ceil_mode = true", "ceil_mode", "unknown argument `ceil_mode`"),
            ("17", "17", "a window of 17x17 does not fit an input of 16x16"),
        ] {
            check(&format!("Net: 4x16x16 -> 10 {{ {pool}({arguments}); }}"), &[(at, &format!("{pool}: {message}"))]);
        }
    }
    check_steps(&[
        ("avg_pool(2, count_include_pad = 2)", "2", "avg_pool: `count_include_pad = 2`, expected `true` or `false`"),
        (
            "max_pool(2, count_include_pad = true)",
            "count_include_pad",
            "max_pool: unknown argument `count_include_pad`",
        ),
        ("max_pool(2, dilation = 20)", "2", "max_pool: a window of 2x2 does not fit an input of 16x16"),
    ]);
    let narrow = "Net: 1x16x1 -> 10 { max_pool(1x2, pad = 0 x 1, dilation = 1 x 2); }";
    check(narrow, &[("dilation = 1 x 2", "max_pool: window 1 along the width reads nothing but padding")]);
}

#[test]
fn arguments_of_normalisations_and_dropout() {
    check_steps(&[
        ("lrn(size = 0)", "0", "lrn: `size = 0`, expected at least 1"),
        ("lrn(size = 5x5)", "5x5", "lrn: `size = 5x5`, expected one whole number"),
        ("lrn(5)", "5", "lrn: `5` needs a name"),
        ("lrn(alpha = -1e-4)", "-1e-4", "lrn: `alpha = -1e-4`, expected at least 0"),
        ("lrn(alpha = true)", "true", "lrn: `alpha = true`, expected a number"),
        ("lrn(beta = -0.75)", "-0.75", "lrn: `beta = -0.75`, expected at least 0"),
        ("lrn(k = -2)", "-2", "lrn: `k = -2`, expected at least 0"),
        ("lrn(k = 1e39)", "1e39", "lrn: `k = 1e39`, expected a number that fits in 32 bits"),
        (
            "lrn(alpha = 1, size = 4)",
            "size = 4",
            "lrn: `size = 4` has no channel in the middle, and frameworks differ in the channels that they sum",
        ),
        ("lrn(size = 4, window = caffe)", "caffe", "lrn: `window = caffe`, expected `paper`, `torch` or `onnx`"),
        ("lrn(n = 5)", "n", "lrn: unknown argument `n`"),
        ("batch_norm(eps = -1)", "-1", "batch_norm: `eps = -1`, expected at least 0"),
        ("batch_norm(epsilon = 1e-3)", "epsilon", "batch_norm: unknown argument `epsilon`"),
        ("batch_norm(momentum = 1.1)", "1.1", "batch_norm: `momentum = 1.1`, expected 0 to 1"),
        ("batch_norm(momentum = 3x3)", "3x3", "batch_norm: `momentum = 3x3`, expected a number"),
        ("batch_norm(0.1)", "0.1", "batch_norm: `0.1` needs a name"),
        ("dropout(-0.5)", "-0.5", "dropout: `p = -0.5`, expected 0 to 1"),
        ("dropout(2)", "2", "dropout: `p = 2`, expected 0 to 1"),
        ("dropout(rate = 0.5)", "rate", "dropout: unknown argument `rate`"),
    ]);
}

#[test]
fn arguments_of_activations() {
    check_steps(&[
        ("leaky_relu(1e39)", "1e39", "leaky_relu: `slope = 1e39`, expected a number that fits in 32 bits"),
        ("leaky_relu(slope = 3x3)", "3x3", "leaky_relu: `slope = 3x3`, expected a number"),
        ("leaky_relu(alpha = 0.1)", "alpha", "leaky_relu: unknown argument `alpha`"),
        ("elu(-1e40)", "-1e40", "elu: `alpha = -1e40`, expected a number that fits in 32 bits"),
        ("elu(1, 2)", "2", "elu: unexpected argument `2`"),
        ("selu(2)", "2", "selu: `2` needs a name"),
        ("selu(gamma = true)", "true", "selu: `gamma = true`, expected a number"),
        ("selu(beta = 1)", "beta", "selu: unknown argument `beta`"),
        ("gelu(tanh)", "tanh", "gelu: `tanh` needs a name"),
        ("gelu(approximate = true)", "true", "gelu: `approximate = true`, expected `none` or `tanh`"),
        ("gelu(approximate = erf)", "erf", "gelu: `approximate = erf`, expected `none` or `tanh`"),
        ("hard_sigmoid(0.2)", "0.2", "hard_sigmoid: `0.2` needs a name"),
        ("hard_sigmoid(alpha = 1e39)", "1e39", "hard_sigmoid: `alpha = 1e39`, expected a number that fits in 32 bits"),
        ("hard_sigmoid(alpha = 1 / 0)", "1 / 0", "`1 / 0` divides by zero"),
        ("hard_sigmoid(alpha = 0.2 / (3 - 3))", "0.2 / (3 - 3)", "`0.2 / (3 - 3)` divides by zero: 0.2 / 0"),
        ("hard_sigmoid(alpha = 0.2 * true)", "true", "expected a whole number, found `true`"),
        ("prelu(channel)", "channel", "prelu: `channel` needs a name"),
        ("prelu(per = 1)", "1", "prelu: `per = 1`, expected `channel`, `element` or `tensor`"),
        (
            "scale(2, per = tensor)",
            "per = tensor",
            "scale: `per = tensor` is for learnt factors, and this one is fixed",
        ),
    ]);
    let without = [
        "global_avg_pool",
        "global_max_pool",
        "flatten",
        "step",
        "sigmoid",
        "tanh",
        "relu",
        "relu6",
        "softsign",
        "silu",
        "mish",
        "hard_swish",
        "softmax",
        "log_softmax",
        "identity",
    ];
    for layer in without {
        check_steps(&[
            (&format!("{layer}(1)"), "1", &format!("{layer}: unexpected argument `1`")),
            (&format!("{layer}(k = 1)"), "k", &format!("{layer}: unknown argument `k`")),
        ]);
    }
}

#[test]
fn one_mistake_is_one_error() {
    let found = |token: &str| format!("expected `;`, or `->` and the next step, found `{token}`");
    for word in ["tap", "keep", "output"] {
        let wrong = format!("expected a step, found `{word}`");
        for step in [format!("x: {word} y"), format!("relu -> {word} y"), format!("relu -> {word} y -> relu")] {
            check_steps(&[(&format!("{step}; linear(10)"), word, &wrong)]);
        }
    }
    check_steps(&[
        ("x: aux a(weight = 0.3) { linear(10); }; linear(10)", "aux", "expected a step, found `aux`"),
        ("x: aux { linear(10); }; linear(10)", "aux", "expected a step, found `aux`"),
        ("add { output y; skip; }; linear(10)", "output", "expected a step, found `output`"),
        ("aux { linear(10); }; linear(10)", "{", "expected the classifier's name, found `{ … }`"),
        ("aux(weight = 0.3) { linear(10); }; linear(10)", "(", "expected the classifier's name, found `( … )`"),
        ("tap y z; linear(10)", "z", &found("z")),
        ("pub relu; linear(10)", "relu", &found("relu")),
        ("a b: relu; linear(10)", "b", &found("b")),
        ("keep y { relu; }; linear(10)", "{", &found("{ … }")),
        ("const A = 3; linear(10)", "const", "constants are declared outside of nets"),
        ("conv[4, 3x3]; linear(10)", "[", "expected `(`, found `[ … ]`"),
        ("conv { 4, 3x3 }; linear(10)", "{", "expected `(`, found `{ … }`"),
        ("conv { filters = 4, size = 3x3 }; linear(10)", "{", "expected `(`, found `{ … }`"),
        ("a..: relu; linear(10)", "a..", "a counting name is allowed only in a repeat"),
        ("a: { b: relu; }; again a.b; linear(10)", "a.b", "expected the name of a step, found `a.b`"),
        ("add { relu, skip, relu }; linear(10)", ",", "expected `;`, found `,`"),
        ("conv(4, 3x3, pad := 1); linear(10)", ":=", "expected `=`, found `:=`"),
    ]);
    let wrong = "expected a number, a size such as `3x3`, or a parameter of the block, found";
    check_steps(&[
        ("conv(, 4, 3x3); linear(10)", ",", &format!("{wrong} `,`")),
        ("conv(4, 3x3, , pad = 1); linear(10)", ",", &format!("{wrong} `,`")),
        ("conv(4, 3x3, \"pad\" = 1); linear(10)", "\"pad\"", &format!("{wrong} `\"pad\"`")),
    ]);
    check("Net: 4x16x16 -> 10 { linear(10); };;", &[(";", "expected a net or a block, found `;`")]);
    // A `;` that is missing at the end of a line is only that.
    check(
        "Net: 4x16x16 -> 10 {\n relu\n conv(4);\n linear(10); }",
        &[("conv", &found("conv")), ("conv", "conv: `size` is missing")],
    );
}

#[test]
fn weights_of_classifiers() {
    let net = |weight: &str| {
        format!(
            "block b(w) {{ aux x(weight = w / 4) {{ relu; }}; }} Net: 4x16x16 -> 10 {{ aux head(weight = {weight}) {{ flatten; }}; b(1); fc: linear(10); }}"
        )
    };
    for right in ["0", "1", "0.3", "1 / 3", "2 * 0.25", "(1 - 0.5)", "1e38", "1e-50", "-0.0"] {
        assert_eq!(errors(&net(right)).len(), 0, "{right}: {:?}", errors(&net(right)));
    }
    for (wrong, at, message) in [
        ("-0.3", "-0.3", "aux: `weight = -0.3`, expected a number of at least 0"),
        ("-1 / 3", "-1 / 3", "aux: `weight = -1 / 3`, expected a number of at least 0"),
        ("w", "w", "expected a number, found `w`"),
        ("1e39", "1e39", "aux: `weight = 1e39`, expected a number that fits in 32 bits"),
        ("1e308 * 10", "1e308 * 10", "aux: `weight = 1e308 * 10`, expected a number that fits in 32 bits"),
        ("1e400", "1e400", "`1e400` does not fit in 64 bits"),
        ("0.5x3", "0.5x3", "`0.5x3` is not a number"),
        ("1 / 0", "1 / 0", "`1 / 0` divides by zero"),
        ("0.0 / 0", "0.0 / 0", "`0.0 / 0` divides by zero: 0 / 0"),
        ("true", "true", "aux: `weight = true`, expected a number of at least 0"),
        ("3x3", "3x3", "aux: `weight = 3x3`, expected a number of at least 0"),
        ("(1, 2)", "(1, 2)", "aux: `weight = (1, 2)`, expected a number of at least 0"),
    ] {
        check(&net(wrong), &[(at, message)]);
    }
}

#[test]
fn nets_named_like_generated_types() {
    let net = |name: &str| format!("{name}: 2 -> 2 {{ relu; }}");
    for (names, at, message) in [
        (["N", "NWeights"], "NWeights", "`NWeights` is the type of the weights of `N`"),
        (["NWeights", "N"], "NWeights", "`NWeights` is the type of the weights of `N`"),
        (["N", "NWorkspace"], "NWorkspace", "`NWorkspace` is the type of the workspace of `N`"),
        (["r#type", "typeWeights"], "typeWeights", "`typeWeights` is the type of the weights of `r#type`"),
        (["r#N", "N"], "N", "two nets are named `N`; the first is on line 2"),
    ] {
        check(&names.map(net).join(" "), &[(at, message)]);
    }
    assert!(errors(&["Weights", "N", "Workspace"].map(net).join(" ")).is_empty());
    assert!(errors("N: 2 -> 2 { relu; } #[cfg(any())] NWeights: 2 -> 2 { relu; }").is_empty());
}

#[test]
fn paths_of_the_crate() {
    for path in ["\"nets\"", "\"::a::b\"", "\"crate::a\"", "nets", "::a::b", "crate::a::b", "self::a"] {
        let source = format!("#![crate = {path}] Net: 2 -> 2 {{ relu; }}");
        assert_eq!(errors(&source).len(), 0, "{source}: {:?}", errors(&source));
    }
    for (attribute, message) in [
        ("#![crate]", "expected the path of the crate `cnn`"),
        ("#![crate = 3]", "expected the path of the crate `cnn`"),
        ("#![crate = \"a b\"]", "expected the path of the crate `cnn`"),
        ("#![crate(nets)]", "expected the path of the crate `cnn`"),
        ("#![no_std]", "`network!` does not take this attribute"),
    ] {
        check(&format!("{attribute} Net: 2 -> 2 {{ relu; }}"), &[(attribute, message)]);
    }
    let late = errors("Net: 2 -> 2 { relu; } #![crate = \"nets\"]");
    assert!(late[0].message.starts_with("`#![…]` must come before all nets and blocks"), "{late:?}");
}

#[test]
fn numbers() {
    check_steps(&[
        ("conv(1 +, 3)", ",", "expected a number, a size such as `3x3`, or a parameter of the block, found `,`"),
        ("conv(7 % 0, 3)", "7 % 0", "`7 % 0` divides by zero"),
        (
            "conv(9223372036854775807 + 1, 3)",
            "9223372036854775807 + 1",
            "`9223372036854775807 + 1` does not fit in 64 bits",
        ),
        ("conv(2 * (3 - 3), 3)", "2 * (3 - 3)", "conv: `filters = 2 * (3 - 3)` is 0, expected at least 1"),
        ("conv(8, 0xff)", "0xff", "`0xff` is a hexadecimal number to Rust"),
        ("conv(8, 0x3x3)", "0x3x3", "`0x3x3` is a hexadecimal number to Rust"),
        ("conv(2 * 3x3, 3)", "3x3", "`3x3` can't be part of arithmetic"),
        (
            "conv(\"8\", 3)",
            "\"8\"",
            "expected a number, a size such as `3x3`, or a parameter of the block, found `\"8\"`",
        ),
        ("conv(8, 3 x)", ")", "expected a number, a size such as `3x3`, or a parameter of the block, found the end"),
        ("[relu; 3 - 5]", "3 - 5", "the step is repeated `3 - 5` (-2) times, expected at least 0"),
        ("[relu; 3x3]", "3x3", "expected a whole number, found `3x3`"),
        ("[relu; 2 3]", "3", "expected `]`, found `3`"),
        ("[[relu; 1000]; 1000]", "relu", "the net has more than 10000 layers"),
        ("[[[{}; 1000]; 1000]; 1000]", "{", "the net has more than 30000 steps"),
        ("[a4294967296..: linear(10); 1]", "a4294967296..", "`a4294967296..` counts from a number that is too large"),
        ("[\"block-\"..: linear(10); 2]", "\"block-\"..", "`\"block-\"..` has no number to count from"),
        ("[relu -> a: relu; 2]", "a", "`a` would be the name of each of the 2 repeated steps"),
        ("[a1..: b: relu; 2]", ":", "expected `;` and the number of repetitions, found `:`"),
        ("[a1..=: relu; 2]", "=", "expected `:` and the step, found `=`"),
        ("{ a1..: linear(10); }", "a1..", "a counting name is allowed only in a repeat"),
        (
            "[{ [a1..: relu; 2]; [a2..: linear(10); 1]; }; 1]",
            "a2",
            "the name `a2` is used twice; the first is on line 2",
        ),
        ("[{ [conv(0, 1); 5000]; }; 5]", "0", "conv: `filters = 0`, expected at least 1"),
    ]);
}

#[test]
fn sizes_that_no_memory_holds() {
    check_steps(&[
        (
            "conv(16777216, 16777216, pad = 16777216, stride = 16777216)",
            "16777216",
            "conv: too large: 16777216 * 4 * 16777216 * 16777216 = 18889465931478580854784 weights, expected at most 2147483648",
        ),
        (
            "[concat { skip; skip; }; 30]",
            "concat",
            "concat: the output 16777216x16x16 is too large: 16777216 * 16 * 16 = 4294967296 elements, expected at most 2147483648",
        ),
    ]);
}

/// On a 32-bit target, each constant of such a net would be an error: it has one instead, and its types.
#[test]
fn nets_that_need_64_bits_are_one_error_elsewhere() {
    let code = |side: &str| {
        let source = format!("Net: 64x{side}x{side} -> 64x{side}x{side} {{ conv(64, 3x3, pad = 1); }}");
        cnn_compiler::network(source.parse().expect("tokens")).to_string()
    };
    assert!(!code("64").contains("compile_error"));
    let large = code("4096");
    assert!(large.starts_with(":: cnn :: __rt :: if_64_bits ! {"));
    assert_eq!(large.matches("compile_error").count(), 1);
    assert!(large.contains("`Net` needs a 64-bit target: its workspace has 12,893,901,056 bytes"));
}

#[test]
fn blocks_are_checked_once_and_where_they_are_called() {
    let source = "block b(n) { conv(8 / n, 3); } Net: 1x9x9 -> 10 { b(0); b(0); b(n = 0); }";
    let found = errors(source);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].message, "`8 / n` divides by zero: 8 / 0\n  in `b(0)`, called on line 2");
    let default = "block b(n, m = 8 / n) { conv(m, 3); } Net: 1x9x9 -> 10 { b(0); }";
    assert_eq!(errors(default)[0].message, "`8 / n` divides by zero: 8 / 0\n  in `b`, called on line 2");
}

#[test]
fn faulty_parts_have_no_further_mistakes() {
    check(
        "Net: 3x16 -> 10 { conv(0, 3); wide(2); }",
        &[
            ("3x16", "`3x16` is not a shape: expected 1 or 3 numbers, found 2"),
            ("0", "conv: `filters = 0`, expected at least 1"),
            ("wide", "there is no layer or block `wide`"),
        ],
    );
    check(
        "Net: 3x16x16 -> 10 { a: { c: conv(8, 3); conv(8, 3); }; a: { c: conv(8, 3); conv(8, 3); }; linear(10); }",
        &[("a", "the name `a` is used twice; the first is on line 2")],
    );
    check(
        "block relu(n) { conv(n, 3); } Net: 3x16x16 -> 10 { relu(3); linear(11); }",
        &[("relu", "`relu` is a layer")],
    );
}

#[test]
fn mistakes_are_reported_once_and_not_for_each_variant() {
    let shape = "Net: 1x8x8 -> 3 { conv(8, 9x9); } A = Net; #[batch(2)] B = Net; #[store(f16)] C = Net;";
    let syntax = "A = Net; Net: 1x8x8 -> 3 { conv(8 3x3); } B = Net;";
    let output = "Net: 1x8x8 -> 3 { flatten -> linear(4); } A = Net; #[batch(2)] B = Net;";
    let tap = "Net: 1x8x8 -> 3 { tap a; tap a; linear(3); } A = Net; #[batch(2)] B = Net;";
    for source in [shape, syntax, output, tap] {
        assert_eq!(errors(source).len(), 1, "{:?}", errors(source));
    }
}

#[test]
fn a_variant_of_a_net_hidden_by_a_mistake_is_not_reported() {
    for source in ["Net: 1x8x8 -> 3; A = Net;", "block head(n) Net: 1x8x8 -> 3 { linear(3); } A = Net;"] {
        assert_eq!(errors(source).len(), 1, "{:?}", errors(source));
    }
}

#[test]
fn values_that_are_kept() {
    check("Net: 4 -> 4 { keep a; relu; }", &[("a", "the value is kept, but nothing reads it")]);
    check("Net: 4 -> 4 { keep a; relu; keep a; add { skip; from a; }; }", &[("a", TWICE)]);
    check("Net: 4 -> 4 { keep a; { relu; keep a; add { skip; from a; }; }; }", &[("a", TWICE)]);
    check("Net: 4 -> 4 { add { skip; from a; }; keep a; }", &[("a", "no value is kept as `a` before this")]);
    check(
        "Net: 4 -> 4 { { keep a; relu -> add { skip; from a; }; }; add { skip; from a; }; }",
        &[("a", "no value is kept as `a` before this")],
    );
    check(
        "block b() { add { skip; from a; }; } Net: 4 -> 4 { keep a; relu -> b; add { skip; from a; }; }",
        &[("a", "no value is kept as `a` before this")],
    );
    check("Net: 4 -> 4 { keep x; conv: linear(4); from x -> relu; }", &[("from x", LOST)]);
    check("Net: 4 -> 4 { keep x; linear(4); add { from x; from x -> relu; }; }", &[("from x", LOST)]);
    for step in ["relu -> from x", "a: from x", "[from x; 2]"] {
        let first = "`from x` must come first in a statement or a branch, without a name";
        check(&format!("Net: 4 -> 4 {{ keep x; relu; add {{ skip; from x; }}; {step}; }}"), &[("from x", first)]);
    }
    check(
        "Net: 4 -> 4 { keep x; relu; aux a(weight = 1) { from x -> linear(2); }; add { skip; from x; }; }",
        &[("from x", "`x` is not in this auxiliary classifier, which reads the value at its place alone")],
    );
    check("Net: 4 -> 4 { concat { keep x; skip; }; }", &[("keep", "expected a step, found `keep`")]);
    check("Net: 4 -> 4 { from; }", &[("from", "there is no layer or block `from`")]);
    // A value may be read in any number of places, or be that of a tap, or the input.
    check(
        "Net: 4 -> 8 { keep x; relu; tap y; add { from x; from y; from x; skip; } -> concat { skip; from y; }; }",
        &[],
    );
    check("Net: 4 -> 4 { [{ keep x; relu; add { from x; skip; }; }; 3]; }", &[]);
}

const TWICE: &str = "two values are kept as `a`; the first is on line 2";
const LOST: &str = "nothing reads the output of the linear on line 2";

/// Checks what a block with one parameter `p` and this step says about an argument.
#[track_caller]
fn check_parameter(step: &str, argument: &str, message: &str) {
    let source = format!("block b(p) {{ {step}; }} Net: 4x9x9 -> 4x9x9 {{ keep kept; relu -> b({argument}); }}");
    let found = errors(&source);
    let wrong = found.iter().find(|error| error.at == argument);
    let first = wrong.map(|error| error.message.lines().next().unwrap_or_default());
    assert_eq!(first, Some(message), "{source}: {found:?}");
}

#[test]
fn parameters_of_every_kind() {
    for argument in ["3x3", "0.5", "true", "relu()", "kept"] {
        let message = format!("b: `p = {argument}`, expected one whole number");
        check_parameter("conv(p, 1x1)", argument, &message.replace("relu()", "relu"));
    }
    check_parameter("conv(4, p, pad = same)", "true", "b: `p = true`, expected a size, `3x3` or `3`");
    check_parameter("conv(4, p, pad = same)", "3x3x3", "b: `p = 3x3x3`, expected a size, `3x3` or `3`");
    check_parameter("conv(4, 3x3, pad = p)", "smae", "b: `p = smae`, expected a number, a size or `same`");
    check_parameter("conv(4, 3x3, pad = p)", "(1, 2, 3)", "b: `p = (1, 2, 3)`, expected a number, a size or `same`");
    check_parameter("conv(4, 1x1, bias = p)", "1", "b: `p = 1`, expected `true` or `false`");
    check_parameter("leaky_relu(p)", "2x2", "b: `p = 2x2`, expected a number");
    check_parameter("gelu(approximate = p)", "tan", "b: `p = tan`, expected `none` or `tanh`");
    check_parameter("conv(4, 1x1) -> p", "4", "b: `p = 4`, expected a layer, such as `relu`");
    check_parameter("conv(4, 1x1) -> p", "rleu", "there is no layer or block `rleu`");
    check_parameter("add { skip; from p; }", "kpet", "b: `p = kpet`, expected the name of a value that was kept");
    check_parameter("add { skip; from p; }", "3", "b: `p = 3`, expected the name of a value that was kept");
    // The kind follows from blocks that are called, and from defaults.
    let through = "block a(k, l = k) { conv(4, l, pad = same); } block b(m) { a(m); } ";
    check(&format!("{through} Net: 4x9x9 -> 4x9x9 {{ b(3x3) -> b(5); }}"), &[]);
    check(
        &format!("{through} Net: 4x9x9 -> 4x9x9 {{ b(false); }}"),
        &[("false", "b: `m = false`, expected a size, `3x3` or `3`")],
    );
    check(
        "block b(k) { conv(4, k, bias = k); } Net: 4x9x9 -> 4x9x9 { relu; }",
        &[("k", "`k` is used as a flag here, and as a size before")],
    );
    check(
        "block b(act) { act(0.1); } Net: 4 -> 4 { b(leaky_relu(0.2)); }",
        &[("act(0.1)", "`act` already has its arguments: it is `leaky_relu(0.2)`")],
    );
    check(
        "block b(act) { act; } Net: 4 -> 4 { b(leaky_relu(slop = 0.2)); }",
        &[("slop", "leaky_relu: unknown argument `slop`")],
    );
}

#[test]
fn constants() {
    check("const C = 2 * 2; const K = 3x3; const S = C x 9 x 9; Net: S -> S { conv(C, K, pad = same); }", &[]);
    check("const A = 0.5; Net: 4 -> 4 { leaky_relu(A) -> leaky_relu(A / 2) -> dropout(p = A); }", &[]);
    check(
        "const A = 4; const A = 5; Net: A -> A { relu; }",
        &[("A", "two constants are named `A`; the first is on line 2")],
    );
    check("const A = B; const B = 4; Net: B -> A { relu; }", &[("B", "expected a number, found `B`")]);
    check("const A = relu(); Net: 4 -> 4 { relu; }", &[("relu()", "`A = relu`, expected a number or a size")]);
    check("const A: usize = 4; Net: A -> A { relu; }", &[(": usize", "constants have no type")]);
    check("const A; Net: 4 -> 4 { relu; }", &[(";", "expected `=` and a value, found `;`")]);
    check("const A = 4 Net: A -> A { relu; }", &[("Net", "expected `;` after the constant, found `Net`")]);
    check("const = 4; Net: 4 -> 4 { relu; }", &[("=", "expected the constant's name, found `=`")]);
    check("#[cfg(a)] const A = 4; Net: A -> A { relu; }", &[("#[cfg(a)]", "a constant does not take this attribute")]);
    check("const A = 4; block b(A) { conv(A, 1x1); } Net: A -> A { relu; }", &[("A", "`A` is a constant")]);
    check("const A = 4; Net: A -> A { linear(AA); }", &[("AA", "`AA` is neither a parameter nor a constant")]);
    check(
        "const A = 4; Net: A -> A { keep A; relu -> add { skip; from A; }; }",
        &[("A", "`A` is already a parameter or a constant"), ("A", "`A` is a number, not a value that was kept")],
    );
}

#[test]
fn splices() {
    let block = "block b(n) { a: linear(n); c: relu; } ";
    check(&format!("{block} Net: 4 -> 4 {{ ..b(4) -> softmax; d: b(4); }}"), &[]);
    check(
        &format!("{block} Net: 4 -> 4 {{ ..b(4); ..b(4); }}"),
        &[
            ("a", "the name `a` is used twice; the first is on line 2"),
            ("c", "the name `c` is used twice; the first is on line 2"),
        ],
    );
    check(
        &format!("{block} Net: 4 -> 4 {{ x: ..b(4); }}"),
        &[("x", "`..b` adds no level of names, so it can't have a name")],
    );
    check("Net: 4 -> 4 { ..relu; }", &[("..relu", "`relu` is a layer, and only a block's steps can be put here")]);
    check("Net: 4 -> 4 { ..; }", &[(";", "expected a block, found `;`")]);
    check("Net: 4 -> 4 { ..c(4); }", &[("c", "there is no layer or block `c`")]);
    check("block b() { ..b; } Net: 4 -> 4 { ..b; }", &[("b", "the block `b` calls itself: b -> b")]);
}

#[test]
fn names_that_are_no_words() {
    check("Net: 4 -> 4 { \"a-1\": linear(4); 3: linear(4) -> linear(4) -> \"b.c\": linear(4); }", &[]);
    check("Net: 4 -> 4 { \"\": relu; }", &[("\"\"", "\"\" is not a name: a part of it is empty")]);
    check("Net: 4 -> 4 { \"a..b\": relu; }", &[("\"a..b\"", "\"a..b\" is not a name: a part of it is empty")]);
    check("Net: 4 -> 4 { \"a\\n\": relu; }", &[("\"a\\n\"", "\"a\\n\" is not a name: it has control characters")]);
    check(
        "Net: 4 -> 4 { 1: linear(4) -> 1: linear(4); }",
        &[("1", "the name `1` is used twice; the first is on line 2")],
    );
    check(
        "Net: 4 -> 4 { \"b.c\": linear(4); b: { c: linear(4); }; }",
        &[("c", "the name `c` is used twice; the first is on line 2")],
    );
}

#[test]
fn operators_are_found_whole() {
    check("Net: 4 -> 4 { linear(4) -> -> relu; }", &[("-", "expected a step, found `->`")]);
    check("Net: 4 -> 4 { linear(4) && relu; }", &[("&", "expected `;`, or `->` and the next step, found `&&`")]);
}

#[test]
fn mistakes_at_the_end_are_shown_at_the_last_token() {
    for (source, message) in [
        ("Net", "expected `:` and the shapes of input and output, found the end"),
        ("Net: 3x3x3 -> 3", "expected the net's layers in braces, found the end"),
        ("Net: 3x3x3 -", "expected `->` and the shape of the output, found `-`"),
        ("block", "expected `:` and the shapes of input and output, found the end"),
        ("block b", "expected the block's layers in braces, found the end"),
        ("pub", "expected a net or a block, found the end"),
        ("#[allow(dead_code)]", "expected a net or a block, found the end"),
    ] {
        let found = errors(source);
        assert_eq!(found.len(), 1, "{source}: {found:?}");
        assert!(found[0].message.starts_with(message), "{source}: {found:?}");
        assert!(source.ends_with(&found[0].at) && !found[0].at.is_empty(), "{source}: {found:?}");
    }
}

#[test]
fn sources_that_grow_without_bounds_end() {
    let deep = format!("Net: 1x1x1 -> 1 {{ {} relu; {} }}", "{".repeat(200), "};".repeat(200));
    assert_eq!(errors(&deep)[0].message, "brackets are nested too deeply here");
    // What `syn` would parse level by level.
    let path = format!("Net: 8 -> 8 {{ map(a{}{}); }}", "::<b".repeat(300), ">".repeat(300));
    assert!(errors(&path)[0].message.starts_with("more than 40 tokens in the angle brackets of a path"));
    let references = format!("Net: 8 -> 8 {{ map(a::<{}T>); }}", "&".repeat(3000));
    assert!(errors(&references)[0].message.starts_with("more than 40 tokens in the angle brackets of a path"));
    let attribute = format!("#[doc = {}1] Net: 8 -> 8 {{ relu; }}", "-".repeat(3000));
    assert_eq!(errors(&attribute)[0].message, "more than 40 tokens in an attribute");
    // Within the limit of brackets, yet more than a stack would hold.
    let chain: String = (0..5000).map(|n| format!("block b{n}() {{ b{}(); }} ", n + 1)).collect();
    let chain = format!("{chain} block b5000() {{}} Net: 1x1x1 -> 1x1x1 {{ b0(); }}");
    assert!(errors(&chain)[0].message.starts_with("steps are nested more than 200 deep here"));
    let circle: String = (0..500).map(|n| format!("block b{n}() {{ b{}(); }} ", (n + 1) % 500)).collect();
    let circle = format!("{circle} Net: 1x1x1 -> 1x1x1 {{ b0(); }}");
    assert!(errors(&circle).iter().any(|error| error.message.starts_with("the block `b0` calls itself: b0 -> b1")));
    let sums =
        format!("Net: 1x1x1 -> 1 {{ conv({}1{}, 1); }}", "(".repeat(50), format!("{})", " + 1".repeat(50)).repeat(50));
    assert_eq!(errors(&sums)[0].message, "more than 100 operators in one expression");
    let long = format!("Net: 1x1x1 -> 1 {{ conv({}1, 1); }}", "1 + ".repeat(1000));
    assert_eq!(errors(&long)[0].message, "more than 100 operators in one expression");
    // Each calls the next one twice.
    let blocks: String = (0..60).map(|n| format!("block b{n}() {{ b{0}(); b{0}(); }} ", n + 1)).collect();
    let empty = format!("{blocks} block b60() {{}} Net: 1x1x1 -> 1x1x1 {{ b0(); }}");
    assert!(errors(&empty)[0].message.starts_with("the net has more than 30000 steps"));
    let recursive = format!("{blocks} block b60() {{ b0(); b30(); b60(); }} Net: 1x1x1 -> 1x1x1 {{ b0(); }}");
    assert!(errors(&recursive)[0].message.starts_with("the block `b0` calls itself: b0 -> b1 -> b2"));
}

/// Seeds that found something.
const FOUND: &[u64] = &[];

#[test]
fn a_mutated_net_does_not_panic() {
    for seed in FOUND.iter().copied().chain(seeds()) {
        let source = Fuzzer::new(seed).source();
        let again = format!("again with CNN_FUZZ_SEED={seed} CNN_FUZZ_ROUNDS=1");
        let found = std::panic::catch_unwind(|| errors(&source));
        let found = found.unwrap_or_else(|_| panic!("the compiler panicked on\n{source}\n{again}"));
        for error in found {
            assert!(!error.at_call_site, "shown at the whole invocation: {}\n{source}\n{again}", error.message);
        }
    }
}

//! Functions that models have in several operators, and operators that layers compute in several steps: what they become, and what is
//! near to them but something else. What nets give is compared with the formula.

mod again;
mod onnx;

use cnn_import::{File, Options};
use cnn_runtime::reference;
use cnn_runtime::weights::{self, Source};
use onnx::{Model, float, float_tensor, input, int, int_tensor, ints, node};

/// A graph on `x`, with two maps of 2 x 3 in the place of the input.
fn model(nodes: Vec<Vec<u8>>, initializers: Vec<Vec<u8>>) -> Model {
    let inputs = vec![input("x", &[1, 2, 2, 3])];
    Model { opset: 17, nodes, initializers, inputs, output: "y", more_outputs: Vec::new() }
}

fn number(name: &str, number: f32) -> Vec<u8> {
    float_tensor(name, &[], &[number])
}

const X: [f32; 12] = [-2.0, -1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 2.0, 3.0, -3.0, 30.0, 1.5];

/// The text of a net, and what it makes of [`X`].
#[track_caller]
fn run(model: &Model) -> (String, Vec<f64>) {
    let file = File::new(model.encode());
    let net = file.import(&Options::default()).unwrap_or_else(|why| panic!("{why}"));
    let mut bytes = Vec::new();
    net.write_weights(&mut bytes).expect("weights");
    let found = net.with(|graph| {
        again::read(net.declaration(), graph).expect("the same net");
        let params = weights::read(graph, &Source::new(&bytes)).expect("its weights");
        reference::run(graph, &params, &X).expect("an input of this length").result().data.clone()
    });
    (net.declaration().to_owned(), found)
}

/// A net of which the text has these words, and that computes a function of each number.
#[track_caller]
fn check(model: &Model, words: &str, function: impl Fn(f64) -> f64) {
    let (text, found) = run(model);
    assert!(text.contains(words), "{words:?} is not in: {text}");
    let expected: Vec<f64> = X.iter().map(|x| function(f64::from(*x))).collect();
    assert!(near(&found, &expected), "{found:?}, not {expected:?}: {text}");
}

fn near(found: &[f64], expected: &[f64]) -> bool {
    found.len() == expected.len()
        && found
            .iter()
            .zip(expected)
            .all(|(a, b)| (a - b).abs() <= 1e-6 * expected.iter().fold(1.0, |m, x| x.abs().max(m)))
}

#[track_caller]
fn error(model: &Model) -> String {
    File::new(model.encode()).import(&Options::default()).err().expect("an error").to_string()
}

/// `Where(x op limit, …)`, or with the operands of the comparison the other way round.
fn choice(op: &str, is_turned: bool, limit: f32, yes: &str, no: &str) -> Model {
    let compared = if is_turned { ["limit", "x"] } else { ["x", "limit"] };
    let nodes = vec![
        node("Mul", &["x", "slope"], &["scaled"], &[]),
        node("Softplus", &["x"], &["soft"], &[]),
        node(op, &compared, &["is"], &[]),
        node("Where", &["is", yes, no], &["y"], &[]),
    ];
    model(nodes, vec![number("slope", 0.25), number("limit", limit), number("value", -1.0)])
}

#[test]
fn choices_are_activations() {
    let leaky = |x: f64| if x > 0.0 { x } else { 0.25 * x };
    for (op, is_turned, yes, no) in [
        ("Greater", false, "x", "scaled"),
        ("GreaterOrEqual", false, "x", "scaled"),
        ("Less", false, "scaled", "x"),
        ("LessOrEqual", false, "scaled", "x"),
        ("Less", true, "x", "scaled"),
        ("GreaterOrEqual", true, "scaled", "x"),
    ] {
        check(&choice(op, is_turned, 0.0, yes, no), "leaky_relu(0.25)", leaky);
    }
    check(&choice("Greater", false, 1.0, "x", "value"), "threshold(1, -1)", |x| if x > 1.0 { x } else { -1.0 });
    check(&choice("LessOrEqual", false, 1.0, "value", "x"), "threshold(1, -1)", |x| if x > 1.0 { x } else { -1.0 });
    check(&choice("Greater", false, 20.0, "x", "soft"), "softplus", |x| x.exp().ln_1p());
    let soft = |x: f64| if x > 2.0 { x } else { x.exp().ln_1p() };
    check(&choice("Greater", false, 2.0, "x", "soft"), "softplus(threshold = 2)", soft);
}

/// As PyTorch's exporter writes it; `divisor` should be 0.5, too.
fn scaled_softplus(divisor: f32) -> Model {
    let nodes = vec![
        node("Mul", &["x", "half"], &["scaled"], &[]),
        node("Softplus", &["scaled"], &["soft"], &[]),
        node("Div", &["soft", "divisor"], &["below"], &[]),
        node("Greater", &["scaled", "one"], &["is"], &[]),
        node("Where", &["is", "x", "below"], &["y"], &[]),
    ];
    model(nodes, vec![number("half", 0.5), number("divisor", divisor), number("one", 1.0)])
}

#[test]
fn softplus_of_a_multiple_is_divided_by_it() {
    let soft = |x: f64| if 0.5 * x > 1.0 { x } else { (0.5 * x).exp().ln_1p() / 0.5 };
    check(&scaled_softplus(0.5), "softplus(beta = 0.5, threshold = 1)", soft);
    assert!(error(&scaled_softplus(0.25)).contains("no layer computes it"));
}

/// `Where(op(Abs(x), limit), …)`, as the exporter by `torch.export` writes shrinks.
fn shrink_by_size(op: &str, limit: f32, yes: &str, no: &str) -> Model {
    let nodes = vec![
        node("Abs", &["x"], &["size"], &[]),
        node("Sign", &["x"], &["sign"], &[]),
        node("Mul", &["sign", "half"], &["step"], &[]),
        node("Sub", &["x", "step"], &["moved"], &[]),
        node("Mul", &["x", "zero"], &["nothing"], &[]),
        node(op, &["size", "limit"], &["is"], &[]),
        node("Where", &["is", yes, no], &["y"], &[]),
    ];
    model(nodes, vec![number("half", 0.5), number("zero", 0.0), number("limit", limit)])
}

/// `Where(Or(…), x, 0)`, as the older exporter writes the one, with or without casts.
fn shrink_outside([above, below]: [f32; 2]) -> Model {
    let nodes = vec![
        node("Less", &["x", "below"], &["less"], &[]),
        node("Greater", &["x", "above"], &["more"], &[]),
        node("Cast", &["more"], &["cast"], &[("to", int(9))]),
        node("Or", &["less", "cast"], &["is"], &[]),
        node("Where", &["is", "x", "zero"], &["y"], &[]),
    ];
    model(nodes, vec![number("above", above), number("below", below), number("zero", 0.0)])
}

/// A sum of choices, as the older exporter writes the other.
fn shrink_sum([above, below]: [f32; 2], moved: f32) -> Model {
    let nodes = vec![
        node("Greater", &["x", "above"], &["more"], &[]),
        node("Sub", &["x", "half"], &["down"], &[]),
        node("Where", &["more", "down", "zero"], &["a"], &[]),
        node("Less", &["x", "below"], &["less"], &[]),
        node("Add", &["x", "moved"], &["up"], &[]),
        node("Where", &["less", "up", "zero"], &["b"], &[]),
        node("Add", &["a", "b"], &["y"], &[]),
    ];
    let numbers = [("above", above), ("below", below), ("half", 0.5), ("moved", moved), ("zero", 0.0)];
    model(nodes, numbers.map(|(name, of)| number(name, of)).to_vec())
}

#[test]
fn shrinks_are_recognised() {
    let hard = |x: f64| if x.abs() > 0.5 { x } else { 0.0 };
    let soft = |x: f64| x - x.clamp(-0.5, 0.5);
    check(&shrink_by_size("LessOrEqual", 0.5, "zero", "x"), "hard_shrink", hard);
    check(&shrink_by_size("Greater", 0.5, "x", "zero"), "hard_shrink", hard);
    check(&shrink_by_size("Greater", 0.5, "moved", "nothing"), "soft_shrink", soft);
    check(&shrink_outside([0.5, -0.5]), "hard_shrink", hard);
    check(&shrink_sum([0.5, -0.5], 0.5), "soft_shrink", soft);
    for near in [
        // The number itself is kept; a jump; the wrong way round; another limit below 0 than above.
        shrink_by_size("Less", 0.5, "zero", "x"),
        shrink_by_size("Greater", 0.25, "moved", "nothing"),
        shrink_by_size("Greater", 0.5, "zero", "x"),
        shrink_outside([0.5, -0.25]),
        shrink_outside([-0.5, 0.5]),
        shrink_sum([0.5, -0.25], 0.5),
        shrink_sum([0.5, -0.5], 0.25),
    ] {
        assert!(error(&near).contains("no layer computes it"), "{}", error(&near));
    }
}

#[test]
fn other_choices_are_refused() {
    for near in [
        // At a limit other than 0 there would be a step.
        choice("Greater", false, 1.0, "x", "scaled"),
        // The wrong way round.
        choice("Greater", false, 0.0, "scaled", "x"),
        choice("Less", false, 0.0, "x", "scaled"),
        // 1 itself is kept.
        choice("GreaterOrEqual", false, 1.0, "x", "value"),
        // Far from a straight line, so that it matters which is taken for 2 itself.
        choice("GreaterOrEqual", false, 2.0, "x", "soft"),
        choice("Greater", false, 0.0, "scaled", "soft"),
    ] {
        assert!(error(&near).contains("no layer computes it"), "{}", error(&near));
    }
}

#[test]
fn signs_are_dropped_by_a_maximum() {
    let nodes = vec![node("Abs", &["x"], &["y"], &[])];
    check(&model(nodes, Vec::new()), "max {", f64::abs);
    let nodes = vec![node("Mul", &["x", "two"], &["z"], &[]), node("Min", &["x", "z"], &["y"], &[])];
    check(&model(nodes, vec![number("two", 2.0)]), "max {", |x| x.min(2.0 * x));
}

/// An operator over rows and columns.
fn reduced(op: &str, axes: &[i64]) -> Vec<f64> {
    let axes = [("axes", ints(axes)), ("keepdims", int(0))];
    // Until version 13 of the operators, `ReduceSum` has axes as an attribute.
    run(&Model { opset: 11, ..model(vec![node(op, &["x"], &["y"], &axes)], Vec::new()) }).1
}

#[test]
fn sums_and_minima_are_means_and_maxima() {
    let halves = || X.chunks(6);
    let sums: Vec<f64> = halves().map(|part| part.iter().map(|x| f64::from(*x)).sum()).collect();
    assert!(near(&reduced("ReduceSum", &[2, 3]), &sums));
    let least: Vec<f64> =
        halves().map(|part| part.iter().fold(f64::INFINITY, |least, x| least.min((*x).into()))).collect();
    assert!(near(&reduced("ReduceMin", &[2, 3]), &least));
    let both: Vec<f64> = X[..6].iter().zip(&X[6..]).map(|(a, b)| f64::from(a + b)).collect();
    assert!(near(&reduced("ReduceSum", &[1]), &both));
    let rows: Vec<f64> = X.chunks(3).map(|row| row.iter().map(|x| f64::from(*x)).sum()).collect();
    assert!(near(&reduced("ReduceSum", &[3]), &rows));
}

/// A mean of maps that is repeated to their size, and what reads it.
fn repeated(op: &str, reader: &str, attributes: &[(&str, Vec<u8>)]) -> Model {
    let nodes = vec![
        node("GlobalAveragePool", &["x"], &["mean"], &[]),
        node(op, &["mean", "sizes"], &["whole"], &[]),
        node(reader, &["x", "whole"], &["y"], attributes),
    ];
    let sizes: &[i64] = if op == "Tile" { &[1, 1, 2, 3] } else { &[1, 2, 2, 3] };
    model(nodes, vec![int_tensor("sizes", &[4], sizes)])
}

#[test]
fn products_repeat_values_anyway() {
    let mean = |half: usize| X[6 * half..][..6].iter().map(|x| f64::from(*x)).sum::<f64>() / 6.0;
    let products: Vec<f64> = X.iter().enumerate().map(|(index, x)| f64::from(*x) * mean(index / 6)).collect();
    for op in ["Expand", "Tile"] {
        let (text, found) = run(&repeated(op, "Mul", &[]));
        assert!(near(&found, &products) && !text.contains("upsample"), "{text}");
        // Other layers read maps that are as large.
        let (text, found) = run(&repeated(op, "Concat", &[("axis", int(1))]));
        let expected: Vec<f64> = X.iter().map(|x| f64::from(*x)).chain((0..12).map(|index| mean(index / 6))).collect();
        assert!(near(&found, &expected) && text.contains("upsample(2x3)"), "{text}");
    }
    // Two values that are repeated are as large as neither was.
    let mut both = repeated("Expand", "Mul", &[]);
    both.nodes[2] = node("Add", &["whole", "whole"], &["y"], &[]);
    let (text, found) = run(&both);
    assert!(found.len() == 12 && text.contains("upsample(2x3)"), "{text}");
}

#[test]
fn channels_are_repeated_but_not_without_end() {
    let repeated = |channels: i64| {
        let nodes = vec![
            node("ReduceMean", &["x"], &["mean"], &[("axes", ints(&[1]))]),
            node("Expand", &["mean", "sizes"], &["whole"], &[]),
            node("Relu", &["whole"], &["y"], &[]),
        ];
        model(nodes, vec![int_tensor("sizes", &[4], &[1, channels, 2, 3])])
    };
    let (text, found) = run(&repeated(3));
    assert!(text.contains("concat") && found.len() == 18 && found[..6] == found[12..], "{text}");
    assert!(error(&repeated(1000)).contains("it repeats channels 1000 times"));
}

/// The root of 2 in a model of half precision is 1.4140625.
#[test]
fn functions_of_models_in_half_precision_are_found() {
    let gelu = |root: f32| {
        let nodes = vec![
            node("Div", &["x", "root"], &["a"], &[]),
            node("Erf", &["a"], &["b"], &[]),
            node("Add", &["b", "one"], &["c"], &[]),
            node("Mul", &["x", "c"], &["d"], &[]),
            node("Mul", &["d", "half"], &["y"], &[]),
        ];
        model(nodes, vec![number("root", root), number("one", 1.0), number("half", 0.5)])
    };
    assert!(run(&gelu(1.414_062_5)).0.contains("gelu"));
    assert!(error(&gelu(1.4139)).contains("Erf"));
}

#[test]
fn what_is_left_to_do_is_said() {
    let of = |op: &str| error(&model(vec![node(op, &["x"], &["y"], &[])], Vec::new()));
    assert!(of("DequantizeLinear").contains("help: export the model before it is quantised"));
    assert!(of("ArgMax").contains("help: let the model return what it has before this"));
    assert!(of("Sqrt").contains("`map(f)`") && of("GRU").contains("recurrent"));
}

#[test]
fn constants_are_joined_but_not_without_end() {
    let joined = |maps: u8| {
        let places: Vec<f32> = (0..6 * u32::from(maps)).map(|place| place as f32).collect();
        let joined = node("Concat", &["x", "places"], &["y"], &[("axis", int(1))]);
        model(vec![joined], vec![float_tensor("places", &[1, maps.into(), 2, 3], &places)])
    };
    let (text, found) = run(&joined(3));
    assert!(
        text.contains("batch_norm(eps = 0)") && found[12..] == (0..18).map(f64::from).collect::<Vec<_>>(),
        "{text}"
    );
    assert!(error(&joined(200)).contains("it joins 1200 numbers that are known with a value of 12"));
}

/// A small file claims an input for which a number of each element would take terabytes.
#[test]
fn numbers_of_each_element_are_not_repeated_without_end() {
    let places: Vec<f32> = (0..6u8).map(f32::from).collect();
    let mut large =
        model(vec![node("Add", &["x", "places"], &["y"], &[])], vec![float_tensor("places", &[3, 2], &places)]);
    large.inputs = vec![input("x", &[1, 1_000_000_000, 3, 2])];
    assert!(error(&large).contains("of more than 67 million numbers"));
    let mut shifted = model(vec![node("Add", &["x", "one"], &["y"], &[])], vec![number("one", 1.0)]);
    shifted.inputs = vec![input("x", &[1, 2_000_000_000, 3, 2])];
    assert!(error(&shifted).contains("of more than 67 million numbers"));
}

/// A layer normalisation as it is often written, with the difference from the mean computed twice.
fn layer_norm(second: &str) -> Model {
    let keeps = || [("axes", ints(&[1])), ("keepdims", int(1))];
    let nodes = vec![
        node("ReduceMean", &["x"], &["mean"], &keeps()),
        node("Sub", &["x", "mean"], &["a"], &[]),
        node("Pow", &["a", "two"], &["square"], &[]),
        node("ReduceMean", &["square"], &["variance"], &keeps()),
        node("Add", &["variance", "eps"], &["more"], &[]),
        node("Sqrt", &["more"], &["root"], &[]),
        node(second, &["x", "mean"], &["b"], &[]),
        node("Div", &["b", "root"], &["y"], &[]),
    ];
    model(nodes, vec![number("two", 2.0), number("eps", 0.5)])
}

#[test]
fn what_is_computed_twice_is_one_value() {
    let (text, _) = run(&layer_norm("Sub"));
    assert!(text.contains("layer_norm(eps = 0.5"), "{text}");
    assert!(error(&layer_norm("Add")).contains("Sqrt"));
}

/// Global response normalisation of `x`, where `of` has the lengths, whose mean is over these axes, and to which `with` is added.
fn grn(of: &str, axes: &[i64], with: &str) -> Model {
    let nodes = vec![
        node("Relu", &["x"], &["other"], &[]),
        node("ReduceL2", &[of], &["length"], &[("axes", ints(&[2, 3]))]),
        node("ReduceMean", &["length"], &["mean"], &[("axes", ints(axes))]),
        node("Add", &["mean", "eps"], &["whole"], &[]),
        node("Div", &["length", "whole"], &["compared"], &[]),
        node("Mul", &["weight", "compared"], &["scaled"], &[]),
        node("Mul", &["scaled", "x"], &["product"], &[]),
        node("Add", &["product", with], &["y"], &[]),
    ];
    model(nodes, vec![number("eps", 0.5), float_tensor("weight", &[2, 1, 1], &[0.25, -2.0])])
}

#[test]
fn lengths_of_channels_are_compared() {
    let (text, found) = run(&grn("x", &[1], "x"));
    assert!(text.contains("grn(eps = 0.5)"), "{text}");
    let lengths = [0, 6].map(|first| X[first..][..6].iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt());
    let whole = (lengths[0] + lengths[1]) / 2.0 + 0.5;
    let factors = [1.0 + 0.25 * lengths[0] / whole, 1.0 - 2.0 * lengths[1] / whole];
    let expected: Vec<f64> = X.iter().enumerate().map(|(at, x)| f64::from(*x) * factors[at / 6]).collect();
    assert!(near(&found, &expected), "{found:?}, not {expected:?}");
    for near_miss in [grn("other", &[1], "x"), grn("x", &[1], "other"), grn("x", &[2], "x")] {
        assert!(
            error(&near_miss).contains("ReduceL2") || error(&near_miss).contains("lengths"),
            "{}",
            error(&near_miss)
        );
    }
}

#[test]
fn weights_are_computed() {
    let weight: Vec<f32> = vec![0.5, -2.0, 1.0, 0.25];
    for (op, attributes, function) in [
        ("Sigmoid", Vec::new(), (|x| 1.0 / (1.0 + (-x).exp())) as fn(f64) -> f64),
        ("Tanh", Vec::new(), f64::tanh),
        ("Softplus", Vec::new(), |x| x.exp().ln_1p()),
        ("Clip", vec![("min", float(-1.0)), ("max", float(0.75))], |x: f64| x.clamp(-1.0, 0.75)),
    ] {
        let nodes = vec![
            node(op, &["given"], &["w"], &attributes),
            node("Flatten", &["mean"], &["flat"], &[]),
            node("Gemm", &["flat", "w"], &["y"], &[]),
        ];
        let mut model = model(nodes, vec![float_tensor("given", &[2, 2], &weight)]);
        model.nodes.insert(0, node("GlobalAveragePool", &["x"], &["mean"], &[]));
        // `Clip` has limits as attributes until version 10.
        model.opset = 10;
        let file = File::new(model.encode());
        let net = file.import(&Options::default()).unwrap_or_else(|why| panic!("{op}: {why}"));
        let params = net.params().expect("weights");
        let [found] = &*params.values().collect::<Vec<_>>() else { panic!("{params:?}") };
        // PyTorch's order, outputs first.
        let expected = [weight[0], weight[2], weight[1], weight[3]].map(|x| function(x.into()));
        let found: Vec<f64> = found.iter().map(|x| f64::from(*x)).collect();
        assert!(near(&found, &expected), "{op}: {found:?}, not {expected:?}");
    }
}

#[test]
fn weights_of_no_finite_number_are_not_written() {
    for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut model = Model::conv();
        model.initializers[0] = float_tensor("w", &[2, 1, 3, 3], &[wrong; 18]);
        let file = File::new(model.encode());
        let net = file.import(&Options::default()).expect("a net");
        let error = net.write_weights(&mut Vec::new()).expect_err("an error").to_string();
        assert!(error.contains("infinite or NaN: `w.weight`"), "{error}");
    }
}

/// Two values through one perceptron, as in spatial attention, with the names of modules that PyTorch's exporter writes.
#[test]
fn layers_that_are_there_again_are_in_a_group() {
    let named = |name: &str, node: Vec<u8>| [node, onnx::field(3, name.as_bytes())].concat();
    let mut nodes = Vec::new();
    let mut attention = |at: &str, x: &str, result: &str, count: usize| {
        let path = |name: &str| format!("/{at}/{name}");
        for (pool, op) in [("avg", "GlobalAveragePool"), ("max", "GlobalMaxPool")] {
            let value = |name: &str| format!("{at}.{pool}.{name}");
            let end = if pool == "avg" { "" } else { "_1" };
            nodes.push(named(&path(&format!("{op}{end}")), node(op, &[x], &[&value("pool")], &[])));
            nodes.push(named(
                &path(&format!("Flatten{end}")),
                node("Flatten", &[&value("pool")], &[&value("flat")], &[]),
            ));
            let (fc, name) = (format!("fc{count}"), path(&format!("mlp/mlp.0/Gemm{end}")));
            nodes.push(named(&name, node("Gemm", &[&value("flat"), &fc], &[&value("fc")], &[])));
        }
        let [avg, max] = ["avg", "max"].map(|pool| format!("{at}.{pool}.fc"));
        nodes.push(named(&path("Add"), node("Add", &[&avg, &max], &[&path("sum")], &[])));
        nodes.push(named(&path("Sigmoid"), node("Sigmoid", &[&path("sum")], &[&path("gate")], &[])));
        nodes.push(named(&path("Reshape"), node("Reshape", &[&path("gate"), "sizes"], &[&path("maps")], &[])));
        nodes.push(named(&path("Mul"), node("Mul", &[x, &path("maps")], &[result], &[])));
    };
    attention("cbam", "x", "middle", 1);
    attention("cbam2", "middle", "y", 2);
    let tensors = [1.0, 0.5]
        .iter()
        .enumerate()
        .map(|(index, last)| float_tensor(&format!("fc{}", index + 1), &[2, 2], &[0.5, -1.0, 0.25, *last]));
    let sizes = int_tensor("sizes", &[4], &[1, 2, 1, 1]);
    let (text, found) = run(&model(nodes, tensors.chain([sizes]).collect()));
    assert!(text.contains("again") && found.len() == 12, "{text}");
}

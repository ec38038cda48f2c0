//! The numbers in figures are those of the kernels on equivalent nets; other inputs give others.

use cnn::reference::Params;
use cnn::trace::Trace;
use cnn_diagram::Theme;
use cnn_diagram::figures::{
    BatchNormalisation, Convolution, Figure, LocalResponse, MultilayerPerceptron, Perceptron, Pooling, activations,
};
use cnn_net::graph::Graph;
use roxmltree::Document;

use crate::support::texts;

cnn::network! {
    Convolved: 3x5x5 -> 2x3x3 {
        conv: conv(2, 3x3, stride = 2, pad = 1);
    }

    Max: 1x4x4 -> 1x2x2 {
        max_pool(2x2);
    }

    Mean: 1x4x4 -> 1x2x2 {
        avg_pool(2x2);
    }

    Whole: 1x4x4 -> 1x1x1 {
        global_avg_pool;
    }

    Inhibited: 4x2x2 -> 4x2x2 {
        lrn(size = 2, alpha = 1, beta = 1, k = 0, window = paper);
    }

    Normalised: 2x1x1 -> 2x1x1 {
        bn: batch_norm;
    }

    Line: 2 -> 1 {
        fc: linear(1) -> step;
    }

    Curves: 2 -> 46 {
        concat {
            step; sigmoid; tanh; relu; leaky_relu; relu6; elu; selu; softplus; softsign; gelu; gelu(approximate = tanh);
            silu; mish; hard_sigmoid; hard_swish; hard_tanh; celu; threshold(1, 0); log_sigmoid; hard_shrink; soft_shrink; identity;
        };
    }

    Deep: 3 -> 2 {
        a: linear(12) -> tanh;
        b: linear(4) -> relu;
        c: linear(2);
    }
}

/// The output of the kernels.
fn computed(graph: &Graph<'_>, params: &[(&str, &[f32])], input: &[f32]) -> Vec<f32> {
    let params: Params = params.iter().map(|(name, values)| ((*name).to_owned(), values.to_vec())).collect();
    let mut last = Vec::new();
    Trace::new(graph, &params).run(input, |_, values| last = values.to_vec()).unwrap();
    last
}

/// All texts in the part of a figure with this identifier, or in the whole figure.
fn texts_of(figure: &Figure, id: Option<&str>) -> Vec<String> {
    let text = figure.svg(Theme::Light);
    let document = Document::parse(&text).unwrap();
    let part = document.descendants().find(|node| node.attribute("id") == id);
    texts(part.unwrap_or_else(|| panic!("{} has no {id:?}", figure.name)))
}

/// The numbers of a part.
fn numbers(figure: &Figure, id: &str) -> Vec<f32> {
    texts_of(figure, Some(id)).iter().map(|text| parsed(text)).collect()
}

fn parsed(text: &str) -> f32 {
    text.replace('−', "-").parse().unwrap_or_else(|_| panic!("{text}"))
}

/// Figures have two decimals.
fn assert_close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let near = found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 0.005 + 1e-5);
    assert!(near, "{found:?} is not {expected:?}");
}

#[test]
fn convolution() {
    let usual = Convolution::default();
    let mut other = usual;
    other.input[1][12] = 7.0;
    other.bias[1] = -3.0;
    for example in [usual, other] {
        let tensors = [("conv.weight", example.weight.as_flattened().as_flattened()), ("conv.bias", &example.bias[..])];
        let expected = computed(Convolved::GRAPH, &tensors, example.input.as_flattened());
        let figure = example.figure();
        let found = ["convolution-output-1", "convolution-output-2"].map(|id| numbers(&figure, id)).concat();
        assert_close(&found, &expected);
        // Each step gives the same, and its terms add up to it.
        for (step, results) in (0..9).map(|step| (step, [expected[step], expected[9 + step]])) {
            let lines = texts_of(&figure, Some(&format!("convolution-step-{}", step + 1)));
            for (line, result) in lines[1..].iter().zip(results) {
                let (terms, sum) = line.split_once(" = ").unwrap();
                let terms: f32 = terms.replace("− ", "−").replace("+ ", "").split(' ').map(parsed).sum();
                assert_eq!([terms, parsed(sum)], [result; 2], "{line}");
            }
        }
    }
    assert_ne!(usual.figure().svg(Theme::Light), other.figure().svg(Theme::Light));
}

#[test]
fn pooling() {
    let usual = Pooling::default();
    let mut other = usual;
    other.map[5] = -20.0;
    for example in [usual, other] {
        let figure = example.figure();
        for (id, graph) in [("max", Max::GRAPH), ("avg", Mean::GRAPH), ("global", Whole::GRAPH)] {
            let expected = computed(graph, &[], &example.map);
            assert_close(&numbers(&figure, &format!("pooling-{id}-output")), &expected);
            assert_close(&numbers(&figure, &format!("pooling-{id}-input")), &example.map);
        }
    }
    assert!(texts_of(&usual.figure(), None).contains(&"max(1, 3, 5, 2) = 5".to_owned()));
    assert!(texts_of(&other.figure(), None).contains(&"max(1, 3, 5, −20) = 5".to_owned()));
}

#[test]
fn local_response() {
    let usual = LocalResponse::default();
    let mut other = usual;
    other.maps[1][0] = 5.0;
    for example in [usual, other] {
        let expected = computed(Inhibited::GRAPH, &[], example.maps.as_flattened());
        let figure = example.figure();
        let found = [1, 2, 3, 4].map(|map| numbers(&figure, &format!("lrn-output-{map}"))).concat();
        assert_close(&found, &expected);
    }
    assert!(texts_of(&usual.figure(), None).contains(&"b₂ = 2 / (0 + 1 · (1² + 2² + 1²))^1 ≈ 0.33".to_owned()));
    assert!(texts_of(&other.figure(), None).contains(&"b₁ = 1 / (0 + 1 · (1² + 5²))^1 ≈ 0.04".to_owned()));
}

/// The kernel only does inference: with the batch's statistics it gives the same.
#[test]
fn batch_normalisation() {
    let usual = BatchNormalisation::default();
    let mut other = usual;
    other.batch[3][0] = -4.0;
    for example in [usual, other] {
        let feature = |index: usize| example.batch.map(|sample| sample[index]);
        let mean = [0, 1].map(|index| feature(index).iter().sum::<f32>() / 4.0);
        let var = [0, 1].map(|index| feature(index).iter().map(|x| (x - mean[index]).powi(2)).sum::<f32>() / 4.0);
        let with = |weight: &[f32; 2], bias: &[f32; 2]| {
            let tensors: [(&str, &[f32]); 4] =
                [("bn.weight", weight), ("bn.bias", bias), ("bn.running_mean", &mean), ("bn.running_var", &var)];
            example.batch.map(|sample| computed(Normalised::GRAPH, &tensors, &sample)).concat()
        };
        let figure = example.figure();
        assert_close(&numbers(&figure, "batch-norm-mean"), &mean);
        assert_close(&numbers(&figure, "batch-norm-variance"), &var);
        assert_close(&numbers(&figure, "batch-norm-normalised"), &with(&[1.0; 2], &[0.0; 2]));
        assert_close(&numbers(&figure, "batch-norm-output"), &with(&example.weight, &example.bias));
    }
    assert!(texts_of(&usual.figure(), None).contains(&"μ = (2 + 4 + 6 + 8) / 4 = 5".to_owned()));
    assert!(texts_of(&other.figure(), None).contains(&"μ = (2 + 4 + 6 − 4) / 4 = 2".to_owned()));
}

#[test]
fn perceptron() {
    let usual = Perceptron::default();
    let other = Perceptron { bias: -1.0, ..usual };
    for (example, sum) in [(usual, "z = 0.25"), (other, "z = −1.25")] {
        let class = |point: &[f32; 2]| {
            computed(Line::GRAPH, &[("fc.weight", &example.weights), ("fc.bias", &[example.bias])], point)[0]
        };
        let figure = example.figure();
        let texts = texts_of(&figure, None);
        for line in [sum.to_owned(), format!("y = {}", class(&example.inputs))] {
            assert!(texts.contains(&line), "{line} of {texts:?}");
        }
        let steps = [-1.75, -1.25, -0.75, -0.25, 0.25, 0.75, 1.25, 1.75];
        let ones = steps.iter().flat_map(|y| steps.map(|x| class(&[x, *y]))).filter(|class| *class == 1.0).count();
        assert_eq!(figure.svg(Theme::Light).matches("class=\"class-1\"").count(), ones);
    }
}

#[test]
fn curves() {
    let expected = computed(Curves::GRAPH, &[], &[-1.0, 1.0]);
    let figure = activations();
    let texts = texts_of(&figure, None);
    let found: Vec<f32> = texts
        .iter()
        .filter(|text| text.starts_with("f(−1)"))
        .flat_map(|text| text.split(", ").map(|value| parsed(value.split_whitespace().last().unwrap())))
        .collect();
    let prelu = [-0.25, 1.0];
    assert_close(&found, &[&expected[..], &prelu].concat());
    for node in Curves::GRAPH.nodes.iter().filter(|node| node.inputs.len() == 1) {
        let shown =
            texts.iter().any(|text| text == node.op.name() || text.starts_with(&format!("{}(", node.op.name())));
        assert!(shown, "{}", node.op.name());
    }
}

#[test]
fn multilayer_perceptron() {
    let deep = MultilayerPerceptron::of(Deep::GRAPH).unwrap().figure();
    let texts = texts_of(&deep, None);
    for line in [
        "a₁ = tanh(W₁ x + b₁)",
        "a₂ = relu(W₂ a₁ + b₂)",
        "y = W₃ a₂ + b₃",
        "W₁: 12 × 3, b₁: 12; 48 parameters",
        "x₃",
        "y₂",
    ] {
        assert!(texts.iter().any(|text| text == line), "{line} of {texts:?}");
    }
    // 3 units with 8 of 12, these with 4, and these with 2.
    let svg = deep.svg(Theme::Light);
    let document = Document::parse(&svg).unwrap();
    let lines = document.descendants().filter_map(|node| node.attribute("d")).filter(|data| data.contains('L'));
    assert_eq!(lines.map(|data| data.matches('L').count()).sum::<usize>(), 3 * 8 + 8 * 4 + 4 * 2);
    assert_eq!(MultilayerPerceptron::of(models::LeNet5::GRAPH), None);
}

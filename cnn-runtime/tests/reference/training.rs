//! Passes of training: what is added up, dropped, frozen, and refused.

use cnn_net::graph::{Aux, Graph, Input, Node, Output, Role, Tensor, Value};
use cnn_net::op::{Activation, BatchNorm, Linear, Op, Shape};
use cnn_runtime::reference::RunError;
use cnn_runtime::reference::training::{Mode, Parameters, Targets, TrainError, Trainer, forward, initial};
use cnn_runtime::train::{Dropout, Init, Loss, Sgd};

const PAIR: Shape = Shape::Vector(2);

const fn weight(name: &'static str) -> Tensor<'static> {
    Tensor::new(name, Role::Weight, &[2, 2])
}

const fn linear(name: &'static str, input: &'static [Value], tensors: &'static [Tensor<'static>]) -> Node<'static> {
    Node::new(name, Op::Linear(Linear::new(2).bias(false)), input, PAIR).tensors(tensors)
}

const fn plain(name: &'static str, op: Op, inputs: &'static [Value]) -> Node<'static> {
    Node::new(name, op, inputs, PAIR)
}

/// `a: linear -> dropout -> b: linear -> softmax`, and an auxiliary classifier after `a`.
const NODES: &[Node<'static>] = &[
    linear("a", &[Value::Input(0)], &[weight("a.weight")]),
    plain("drop", Op::Dropout { p: 0.5 }, &[Value::Node(0)]),
    linear("b", &[Value::Node(1)], &[weight("b.weight")]),
    Node { aux: Some(0), ..linear("head", &[Value::Node(0)], &[weight("head.weight")]) },
    plain("end", Op::Softmax, &[Value::Node(2)]),
];

const HEADS: &[Aux<'static>] = &[Aux::new("head", 0.5, Value::Node(3))];

fn graph<'a>(nodes: &'a [Node<'a>]) -> Graph<'a> {
    let last = Value::Node(nodes.len() - 1);
    Graph::new("Net", const { &[Input::new("", PAIR)] }, nodes, Vec::leak(vec![Output::new("", last)]))
}

fn parameters(tensors: &[(&str, &[f64])]) -> Parameters {
    tensors.iter().map(|(name, numbers)| ((*name).to_string(), numbers.to_vec())).collect()
}

fn weights() -> Parameters {
    parameters(&[
        ("a.weight", &[1., 2., -1., 0.5]),
        ("b.weight", &[0.5, 1., 1.5, -2.]),
        ("head.weight", &[1., 0., 0., 1.]),
    ])
}

const BATCH: [&[f32]; 3] = [&[1., 2.], &[-1., 0.5], &[0.25, -3.]];
const CLASSES: Targets<'static> = Targets::Classes(&[0, 1, 1]);

#[test]
fn losses_of_heads_are_added_by_their_weight() {
    let (mut with, parameters) = (graph(NODES), weights());
    let loss = |graph: &Graph<'_>| {
        let pass = forward(graph, &parameters, &BATCH, Mode::new(1, 0)).unwrap();
        let losses = pass.loss(Loss::CROSS_ENTROPY, &CLASSES).unwrap();
        (losses.loss, pass.backward(&losses.gradients).unwrap().parameters)
    };
    let (without, alone) = loss(&with.clone());
    assert_eq!(alone["head.weight"], [0.0; 4]);
    with.aux = HEADS;
    let (total, both) = loss(&with);
    let outputs = [Output::new("", Value::Node(3))];
    let head = Graph { outputs: &outputs, ..graph(NODES) };
    let (of_head, only) = loss(&head);
    assert!((total - (without + 0.5 * of_head)).abs() < 1e-12, "{total}");
    assert_ne!(both["head.weight"], [0.0; 4]);
    // What both read has the sum of both gradients.
    for (element, sum) in both["a.weight"].iter().enumerate() {
        assert!((sum - (alone["a.weight"][element] + 0.5 * only["a.weight"][element])).abs() < 1e-12);
    }
}

#[test]
fn dropout_drops_the_same_numbers_and_gradients() {
    let (graph, parameters) = (graph(NODES), weights());
    for step in 0..4 {
        let pass = forward(&graph, &parameters, &BATCH, Mode::new(7, step)).unwrap();
        let mask = Dropout::new(0.5, 7, step, 1);
        let losses = pass.loss(Loss::CROSS_ENTROPY, &CLASSES).unwrap();
        let backward = pass.backward(&losses.gradients).unwrap();
        let pairs = [(pass.value(Value::Node(0)), pass.value(Value::Node(1))), {
            (backward.value(Value::Node(1)).unwrap(), backward.value(Value::Node(0)).unwrap())
        }];
        for (before, after) in pairs {
            for image in 0..3 {
                for element in 0..2 {
                    let factor = if mask.keeps(image as u32, element as u32) { 2.0 } else { 0.0 };
                    assert_eq!(after[image].data[element], factor * before[image].data[element]);
                }
            }
        }
    }
    let all = |step| forward(&graph, &parameters, &BATCH, Mode::new(7, step)).unwrap().value(Value::Node(1)).to_vec();
    assert!((1..8).any(|step| all(step) != all(0)), "each step drops other numbers");
    let frozen = Mode { frozen: &|_| true, ..Mode::new(7, 0) };
    let pass = forward(&graph, &parameters, &BATCH, frozen).unwrap();
    assert_eq!(pass.value(Value::Node(1)), pass.value(Value::Node(0)));
}

#[test]
fn losses_of_extreme_logits_are_finite() {
    let nodes = [linear("a", &[Value::Input(0)], const { &[weight("a.weight")] })];
    let (graph, identity) = (graph(&nodes), parameters(&[("a.weight", &[1., 0., 0., 1.])]));
    let batch = [&[1e4_f32, -1e4][..]];
    for (loss, targets, expected) in [
        (Loss::CROSS_ENTROPY, Targets::Classes(&[0]), 0.0),
        (Loss::CROSS_ENTROPY, Targets::Classes(&[1]), 2e4),
        (Loss::CrossEntropy { smoothing: 0.5 }, Targets::Classes(&[1]), 1.5e4),
        (Loss::BinaryCrossEntropy, Targets::Numbers(&[1., 0.]), 0.0),
        (Loss::BinaryCrossEntropy, Targets::Numbers(&[0., 0.]), 5e3),
        (Loss::MeanSquared, Targets::Numbers(&[0., 0.]), 1e8),
    ] {
        let pass = forward(&graph, &identity, &batch, Mode::new(0, 0)).unwrap();
        let losses = pass.loss(loss, &targets).unwrap();
        assert!((losses.loss - expected).abs() <= 1e-12 * expected, "{loss:?}: {}", losses.loss);
        assert!(losses.gradients[0].1[0].data.iter().all(|slope| slope.is_finite()), "{loss:?}");
    }
}

#[test]
fn what_a_loss_replaces_is_not_computed_with() {
    let relu = Op::Activation(Activation::Relu);
    for (last, loss, replaced) in [
        (Op::Softmax, Loss::CROSS_ENTROPY, true),
        (Op::LogSoftmax, Loss::CROSS_ENTROPY, true),
        (relu, Loss::CROSS_ENTROPY, false),
        (Op::Softmax, Loss::MeanSquared, false),
        (Op::Activation(Activation::Step), Loss::MeanSquared, true),
        (Op::Activation(Activation::Sigmoid), Loss::MeanSquared, false),
        (Op::Activation(Activation::Sigmoid), Loss::BinaryCrossEntropy, true),
        (Op::Activation(Activation::LogSigmoid), Loss::BinaryCrossEntropy, true),
        (Op::Activation(Activation::Step), Loss::BinaryCrossEntropy, true),
        (Op::Softmax, Loss::BinaryCrossEntropy, false),
    ] {
        let nodes =
            [linear("a", &[Value::Input(0)], const { &[weight("a.weight")] }), plain("end", last, &[Value::Node(0)])];
        let (graph, weights) = (graph(&nodes), weights());
        let pass = forward(&graph, &weights, &BATCH, Mode::new(0, 0)).unwrap();
        let targets = if loss.is_of_classes() { CLASSES } else { Targets::Numbers(&[0.25; 6]) };
        let (value, _) = &pass.loss(loss, &targets).unwrap().gradients[0];
        assert_eq!(*value, Value::Node(usize::from(!replaced)), "{last:?} {loss:?}");
    }
}

/// `a: linear -> bn: batch_norm -> b: linear`.
fn normalised<'a>(a: &'a [Tensor<'a>], bn: &'a [Tensor<'a>], b: &'a [Tensor<'a>]) -> [Node<'a>; 3] {
    let op = Op::Linear(Linear::new(2).bias(false));
    [
        Node::new("a", op, &[Value::Input(0)], PAIR).tensors(a),
        Node::new("bn", Op::BatchNorm(BatchNorm::new(1e-5, 0.1)), &[Value::Node(0)], PAIR).tensors(bn),
        Node::new("b", op, &[Value::Node(1)], PAIR).tensors(b),
    ]
}

const STATISTICS: [Tensor<'static>; 4] = [
    Tensor::new("bn.weight", Role::Weight, &[2]),
    Tensor::new("bn.bias", Role::Bias, &[2]),
    Tensor::new("bn.running_mean", Role::RunningMean, &[2]),
    Tensor::new("bn.running_var", Role::RunningVar, &[2]),
];

#[test]
fn frozen_layers_stay_as_they_are() {
    let (a, b) = ([weight("a.weight")], [weight("b.weight")]);
    let nodes = normalised(&a, &STATISTICS, &b);
    let graph = graph(&nodes);
    let start = initial(&graph, Init::HeUniform, 3);
    let trainer = || Trainer::new(&graph, start.clone(), Sgd::new(0.9), Loss::CROSS_ENTROPY);
    let changed = |trainer: &Trainer<'_, Sgd>| -> Vec<String> {
        let changed = start.iter().filter(|(name, numbers)| trainer.parameters[*name] != **numbers);
        changed.map(|(name, _)| name.clone()).collect()
    };
    let mut all = trainer();
    all.step(&BATCH, &CLASSES, 0.1).unwrap();
    assert_eq!(changed(&all), ["a.weight", "b.weight", "bn.bias", "bn.running_mean", "bn.running_var", "bn.weight"]);
    let mut head = trainer().freezing(|node| node.name != "b");
    head.step(&BATCH, &CLASSES, 0.1).unwrap();
    assert_eq!(changed(&head), ["b.weight"]);
    let inference = cnn_runtime::reference::run(
        &graph,
        &start.iter().map(|(name, numbers)| (name.clone(), numbers.iter().map(|x| *x as f32).collect())).collect(),
        BATCH[0],
    );
    let frozen = Mode { frozen: &|_| true, ..Mode::new(0, 0) };
    let pass = forward(&graph, &start, &BATCH[..1], frozen).unwrap();
    for (found, expected) in pass.value(Value::Node(2))[0].data.iter().zip(&inference.unwrap().result().data) {
        assert!((found - expected).abs() < 1e-6);
    }
}

#[test]
fn shared_tensors_have_the_sum_of_gradients_and_one_update() {
    let shared = [weight("a.weight")];
    let op = Op::Linear(Linear::new(2).bias(false));
    let twice = [
        Node::new("a", op, &[Value::Input(0)], PAIR).tensors(&shared),
        Node::new("again", op, &[Value::Node(0)], PAIR).tensors(&shared),
    ];
    let other = [weight("b.weight")];
    let apart = [twice[0], twice[1].tensors(&other)];
    let (graph, apart) = (graph(&twice), graph(&apart));
    let start = parameters(&[("a.weight", &[1., 2., -1., 0.5]), ("b.weight", &[1., 2., -1., 0.5])]);
    let only = parameters(&[("a.weight", &[1., 2., -1., 0.5])]);
    let mut trainer = Trainer::new(&graph, only, Sgd::new(0.9), Loss::CROSS_ENTROPY);
    let both = Trainer::new(&apart, start.clone(), Sgd::new(0.9), Loss::CROSS_ENTROPY);
    let (_, both) = both.gradients(&BATCH, &CLASSES).unwrap();
    trainer.step(&BATCH, &CLASSES, 0.5).unwrap();
    for (element, after) in trainer.parameters["a.weight"].iter().enumerate() {
        let sum = both["a.weight"][element] + both["b.weight"][element];
        assert!((after - (start["a.weight"][element] - 0.5 * sum)).abs() < 1e-12);
    }
}

#[test]
fn nets_without_a_gradient_are_refused() {
    let step = Op::Activation(Activation::Step);
    let nodes = [
        linear("a", &[Value::Input(0)], const { &[weight("a.weight")] }),
        plain("fire", step, &[Value::Node(0)]),
        linear("b", &[Value::Node(1)], const { &[weight("b.weight")] }),
    ];
    let (graph, weights) = (graph(&nodes), weights());
    let trainer = Trainer::new(&graph, weights, Sgd::new(0.0), Loss::CROSS_ENTROPY);
    let error = trainer.gradients(&BATCH, &CLASSES).unwrap_err();
    assert_eq!(error.to_string(), "`fire` can't be trained: its slope is 0 everywhere, so nothing before it can learn");
    // With nothing to learn before it, it is no obstacle.
    let (_, gradients) = trainer.freezing(|node| node.name == "a").gradients(&BATCH, &CLASSES).unwrap();
    assert_eq!(gradients.keys().collect::<Vec<_>>(), ["b.weight"]);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let (graph, weights) = (graph(NODES), weights());
    let run = |batch: &[&[f32]], loss, targets: Targets<'_>| {
        let pass = forward(&graph, &weights, batch, Mode::new(0, 0))?;
        pass.loss(loss, &targets).map(|losses| losses.loss)
    };
    let numbers = Loss::MeanSquared;
    for (batch, loss, targets, message) in [
        (&BATCH[..0], Loss::CROSS_ENTROPY, CLASSES, "the minibatch has no images"),
        (&[&[1.0][..]][..], Loss::CROSS_ENTROPY, CLASSES, "the input has 1 elements, not 2"),
        (&BATCH[..2], Loss::CROSS_ENTROPY, CLASSES, "there are 3 targets, not 2"),
        (&BATCH, numbers, Targets::Numbers(&[0.0; 5]), "there are 5 targets, not 6"),
        (&BATCH, numbers, CLASSES, "the loss needs numbers as targets, not classes"),
        (&BATCH, Loss::CROSS_ENTROPY, Targets::Numbers(&[0.0; 6]), "the loss needs classes as targets, not numbers"),
        (
            &BATCH,
            Loss::CROSS_ENTROPY,
            Targets::Classes(&[0, 2, 1]),
            "target 1 is class 2, but there are 2, counted from 0",
        ),
    ] {
        assert_eq!(run(batch, loss, targets).unwrap_err().to_string(), message);
    }
    let nothing = Parameters::new();
    let error = forward(&graph, &nothing, &BATCH, Mode::new(0, 0)).err().unwrap();
    let missing = RunError::Tensor { name: "a.weight".to_string(), expected: 4, found: None };
    assert_eq!(error, TrainError::Run(missing));
}

#[test]
fn one_number_per_channel_has_no_statistics() {
    let (a, b) = ([weight("a.weight")], [weight("b.weight")]);
    let nodes = normalised(&a, &STATISTICS, &b);
    let graph = graph(&nodes);
    let start = initial(&graph, Init::Torch, 3);
    let error = forward(&graph, &start, &BATCH[..1], Mode::new(0, 0)).err().unwrap();
    assert!(error.to_string().starts_with("`bn` has one number per channel in this minibatch"), "{error}");
}

/// Two classes of points, on either side of a circle, which no line separates.
#[test]
fn training_makes_the_loss_small() {
    let hidden = Shape::Vector(12);
    let tensors = [
        [Tensor::new("a.weight", Role::Weight, &[12, 2]), Tensor::new("a.bias", Role::Bias, &[12])],
        [Tensor::new("b.weight", Role::Weight, &[2, 12]), Tensor::new("b.bias", Role::Bias, &[2])],
    ];
    let nodes = [
        Node::new("a", Op::Linear(Linear::new(12)), &[Value::Input(0)], hidden).tensors(&tensors[0]),
        Node::new("tanh", Op::Activation(Activation::Tanh), &[Value::Node(0)], hidden),
        Node::new("b", Op::Linear(Linear::new(2)), &[Value::Node(1)], PAIR).tensors(&tensors[1]),
        Node::new("end", Op::Softmax, &[Value::Node(2)], PAIR),
    ];
    let graph = graph(&nodes);
    let points: Vec<[f32; 2]> = (0..100).map(|i| [(i % 10) as f32 / 4.5 - 1.0, (i / 10) as f32 / 4.5 - 1.0]).collect();
    let classes: Vec<u32> = points.iter().map(|[x, y]| u32::from(x * x + y * y < 0.6)).collect();
    let batch: Vec<&[f32]> = points.iter().map(|point| &point[..]).collect();
    let mut trainer = Trainer::new(&graph, initial(&graph, Init::XavierUniform, 1), Sgd::new(0.9), Loss::CROSS_ENTROPY);
    let first = trainer.step(&batch, &Targets::Classes(&classes), 0.5).unwrap();
    for _ in 0..300 {
        trainer.step(&batch, &Targets::Classes(&classes), 0.5).unwrap();
    }
    let last = trainer.step(&batch, &Targets::Classes(&classes), 0.5).unwrap();
    assert!(last.loss < 0.1 * first.loss, "{} of {}", last.loss, first.loss);
    assert!(last.hits > 97, "{} of 100", last.hits);
}

/// As a module that PyTorch calls twice: the second update begins with what the first one left.
#[test]
fn a_normalisation_that_is_there_again_updates_its_statistics_twice() {
    let norm = |inputs| plain("bn", Op::BatchNorm(BatchNorm::new(1e-5, 0.25)), inputs).tensors(&STATISTICS);
    let nodes = [norm(&[Value::Input(0)]), norm(&[Value::Node(0)]).again(Some(0))];
    let numbers =
        [("bn.weight", [2., 1.]), ("bn.bias", [1., -1.]), ("bn.running_mean", [8., 4.]), ("bn.running_var", [1.; 2])];
    let parameters = numbers.iter().map(|(name, numbers)| ((*name).to_string(), numbers.to_vec())).collect();
    let graph = graph(&nodes);
    let pass = forward(&graph, &parameters, &BATCH, Mode::new(1, 0)).unwrap();
    // The mean of the first output is the bias.
    let means = [0, 1].map(|channel| BATCH.iter().map(|image| f64::from(image[channel])).sum::<f64>() / 3.);
    for (channel, [before, bias]) in [[8., 1.], [4., -1.]].into_iter().enumerate() {
        let once: f64 = 0.75 * before + 0.25 * means[channel];
        let twice = 0.75 * once + 0.25 * bias;
        assert!((pass.running()["bn.running_mean"][channel] - twice).abs() < 1e-12, "{:?}", pass.running());
    }
}

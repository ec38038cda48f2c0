//! Whole nets: the order of values, extra outputs, and what can be wrong with the parameters.

use cnn_net::graph::{Aux, Graph, Input, Node, Output, Role, Tap, Tensor, Value};
use cnn_net::op::{Activation, Linear, Op, Shape, Store, UserFunction, UserLayer, UserTensor};
use cnn_runtime::reference::{Params, RunError, run, run_with_aux};
use cnn_runtime::trace::Trace;

const PAIR: Shape = Shape::Vector(2);

/// `relu -> tap kept -> add { fc: linear(2); skip; }`, and an auxiliary classifier after `relu`.
const GRAPH: Graph<'static> = Graph {
    name: "Net",
    doc: "",
    inputs: &[Input::new("", PAIR)],
    nodes: &[
        Node { op: Op::Activation(Activation::Relu), inputs: &[Value::Input(0)], ..PLAIN },
        Node { name: "fc", op: LINEAR, tensors: &[weight("fc.weight")], ..PLAIN },
        Node { name: "head", op: LINEAR, tensors: &[weight("head.weight")], aux: Some(0), ..PLAIN },
        Node { op: Op::Add, inputs: &[Value::Node(1), Value::Node(0)], ..PLAIN },
    ],
    outputs: &[Output::new("", Value::Node(3))],
    taps: &[Tap { name: "kept", value: Value::Node(0) }, Tap { name: "given", value: Value::Input(0) }],
    aux: &[Aux { name: "head", weight: 0.3, result: Value::Node(2) }],
};

const LINEAR: Op = Op::Linear(Linear { features: 2, bias: false, store: Store::F32 });

const PLAIN: Node<'static> = Node::new("", Op::Flatten, &[Value::Node(0)], PAIR);

const fn weight(name: &'static str) -> Tensor<'static> {
    Tensor { name, role: Role::Weight, shape: &[2, 2] }
}

fn params(tensors: &[(&str, &[f32])]) -> Params {
    tensors.iter().map(|(name, values)| (name.to_string(), values.to_vec())).collect()
}

const SWAP: (&str, &[f32]) = ("fc.weight", &[0., 1., 1., 0.]);
const TENFOLD: (&str, &[f32]) = ("head.weight", &[10., 0., 0., 10.]);

#[test]
fn every_value_can_be_read() {
    let graph = GRAPH;
    let outputs = run(&graph, &params(&[SWAP]), &[-1., 2.]).unwrap();
    assert_eq!(outputs.result().data, [2., 2.]);
    assert_eq!(outputs.result().to_f32(), [2., 2.]);
    assert_eq!(outputs.value(Value::Input(0)).unwrap().data, [-1., 2.]);
    assert_eq!(outputs.value(Value::Node(1)).unwrap().data, [2., 0.]);
    assert_eq!(outputs.tap("kept").unwrap().data, [0., 2.]);
    assert_eq!(outputs.tap("given").unwrap().data, [-1., 2.]);
    assert_eq!(outputs.tap("lost"), None);
    assert_eq!(outputs.value(Value::Node(9)), None);
}

#[test]
fn auxiliary_classifiers_run_if_asked() {
    let graph = GRAPH;
    assert_eq!(run(&graph, &params(&[SWAP]), &[-1., 2.]).unwrap().aux("head"), None);
    let outputs = run_with_aux(&graph, &params(&[SWAP, TENFOLD]), &[-1., 2.]).unwrap();
    assert_eq!(outputs.aux("head").unwrap().data, [0., 20.]);
    assert_eq!(outputs.result().data, [2., 2.]);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let graph = GRAPH;
    let tensor = |name: &str, found| RunError::Tensor { name: name.to_string(), expected: 4, found };
    let short = ("fc.weight", &[1.][..]);
    let cases = [
        (run(&graph, &params(&[SWAP]), &[1.]), RunError::Input { expected: 2, found: 1 }),
        (run(&graph, &params(&[]), &[1., 2.]), tensor("fc.weight", None)),
        (run(&graph, &params(&[short]), &[1., 2.]), tensor("fc.weight", Some(1))),
        (run_with_aux(&graph, &params(&[SWAP]), &[1., 2.]), tensor("head.weight", None)),
    ];
    for (found, expected) in cases {
        assert_eq!(found.unwrap_err(), expected);
    }
    assert_eq!(tensor("a", Some(1)).to_string(), "`a` has 1 elements, not 4");
}

#[test]
#[should_panic(expected = "shape of `wrong`")]
fn shapes_are_compared_with_the_graph() {
    let nodes = [Node { name: "wrong", output: Shape::Vector(3), inputs: &[Value::Input(0)], ..PLAIN }];
    let graph = Graph { nodes: &nodes, outputs: &[Output::new("", Value::Node(0))], taps: &[], aux: &[], ..GRAPH };
    let _ = run(&graph, &Params::new(), &[1., 2.]);
}

/// `twice: map(double) -> layer: custom(Affine, 1, weight = 2, shift = buffer(1))`.
fn with_user_code<R>(codes: [bool; 2], read: impl FnOnce(&Graph<'_>) -> R) -> R {
    const TENSORS: &[UserTensor] = &[UserTensor::new("weight", [2]), UserTensor::buffer("shift", [1])];
    let mut function = UserFunction::new("double");
    if codes[0] {
        function = function.code(|values| values.iter_mut().for_each(|value| *value *= 2.0));
    }
    let mut layer = UserLayer::new("layers::Affine", Shape::Vector(1)).scratch(1).tensors(TENSORS);
    if codes[1] {
        layer = layer.code(|inputs, tensors, scratch, output| {
            scratch[0] = tensors[2];
            output[0] = inputs[0] * tensors[0] + inputs[1] * tensors[1] + scratch[0];
        });
    }
    let shift = Tensor { name: "layer.shift", role: Role::Buffer("shift"), shape: &[1] };
    let weight = Tensor { name: "layer.weight", role: Role::Weight, shape: &[2] };
    let tensors = [weight, shift];
    let nodes = [
        Node { name: "twice", op: Op::Map(function), inputs: &[Value::Input(0)], ..PLAIN },
        Node { name: "layer", op: Op::Custom(layer), output: Shape::Vector(1), tensors: &tensors, ..PLAIN },
    ];
    read(&Graph { nodes: &nodes, outputs: &[Output::new("", Value::Node(1))], taps: &[], aux: &[], ..GRAPH })
}

#[test]
fn functions_and_layers_by_the_user() {
    let tensors = params(&[("layer.weight", &[10., 100.]), ("layer.shift", &[0.5])]);
    with_user_code([true; 2], |graph| {
        let outputs = run(graph, &tensors, &[1., 2.]).unwrap();
        assert_eq!(outputs.value(Value::Node(0)).unwrap().data, [2., 4.]);
        assert_eq!(outputs.result().data, [420.5]);
        let mut traced = Vec::new();
        Trace::new(graph, &tensors).run(&[1., 2., 0., 1.], |_, numbers| traced.push(numbers.to_vec())).unwrap();
        assert_eq!(traced[2], [420.5, 200.5]);
        assert_eq!((graph.parameters(), graph.weights_bytes()), (2, 12));
        let missing = run(graph, &params(&[("layer.weight", &[10., 100.])]), &[1., 2.]).unwrap_err();
        assert_eq!(missing.to_string(), "`layer.shift` is missing (1 elements)");
    });
}

/// As in a description that was made from text.
#[test]
fn without_code_there_is_an_error() {
    let tensors = params(&[("layer.weight", &[10., 100.]), ("layer.shift", &[0.5])]);
    for (codes, layer, path) in [([false, true], "twice", "double"), ([true, false], "layer", "layers::Affine")] {
        with_user_code(codes, |graph| {
            let expected = RunError::Code { layer: layer.to_owned(), path: path.to_owned() };
            assert_eq!(run(graph, &tensors, &[1., 2.]).unwrap_err(), expected);
            assert_eq!(Trace::new(graph, &tensors).run(&[1., 2.], |_, _| ()).unwrap_err(), expected);
            let text = expected.to_string();
            assert!(text.starts_with(&format!("the code of `{path}`, for the layer `{layer}`, is not here")), "{text}");
        });
    }
}

//! Graphs that the language can't say: each is an error, and never the text of another net.

#![cfg(feature = "alloc")]

use cnn_net::graph::{Aux, Call, Graph, Input, Node, Output, Tap, Tensor, Value};
use cnn_net::language::declaration;
use cnn_net::op::{Activation, Op, Role, Shape};

const SHAPE: Shape = Shape::Vector(3);
const RELU: Op = Op::Activation(Activation::Relu);

fn node<'a>(name: &'a str, op: Op, inputs: &'a [Value]) -> Node<'a> {
    Node::new(name, op, inputs, SHAPE)
}

fn net<'a>(nodes: &'a [Node<'a>]) -> Graph<'a> {
    let last = Value::Node(nodes.len().saturating_sub(1));
    Graph::new("Net", const { &[Input::new("", SHAPE)] }, nodes, Vec::leak(vec![Output::new("", last)]))
}

/// A graph is refused because of the thing of this name, in words that contain these.
#[track_caller]
fn assert_unsayable(graph: &Graph<'_>, name: &str, words: &str) {
    let error = declaration(graph).expect_err("a graph that can't be said");
    assert!(error.name == name && error.why.contains(words), "{error}");
}

#[test]
fn every_value_has_one_place() {
    let read_twice = [
        node("a", RELU, &[Value::Input(0)]),
        node("b", RELU, &[Value::Node(0)]),
        node("c", Op::Add, &[Value::Node(0), Value::Node(1)]),
        node("d", Op::Add, &[Value::Node(2), Value::Node(1)]),
    ];
    let text = declaration(&net(&read_twice)).expect("`keep` says it");
    assert!(
        text.contains("a: relu;\n    keep a;\n    b: relu;") && text.contains("c: add { from a; skip; }"),
        "{text}"
    );
    let unread = [node("a", RELU, &[Value::Input(0)]), node("b", RELU, &[Value::Input(0)])];
    assert_unsayable(&net(&unread), "a", "doesn't depend on it");
    // The branch that is declared first would be computed first, so the other one is a statement before.
    let swapped = [
        node("a", RELU, &[Value::Input(0)]),
        node("b", RELU, &[Value::Input(0)]),
        node("c", Op::Add, &[Value::Node(1), Value::Node(0)]),
    ];
    let text = declaration(&net(&swapped)).expect("`keep` says it");
    assert!(
        text.contains("keep input;\n    a: relu;\n    c: add {\n        from input -> b: relu;\n        skip;"),
        "{text}"
    );
}

/// Each value is read by the next two, so there are more ways through them than could be followed.
#[test]
fn ways_are_not_followed_twice() {
    let names: Vec<String> = (0..60).map(|index| format!("n{index}")).collect();
    let value = |index: Option<usize>| index.map_or(Value::Input(0), Value::Node);
    let inputs: Vec<[Value; 2]> =
        (0..60_usize).map(|index| [index.checked_sub(1), index.checked_sub(2)].map(value)).collect();
    let nodes: Vec<Node<'_>> = names.iter().zip(&inputs).map(|(name, inputs)| node(name, Op::Add, inputs)).collect();
    let text = declaration(&net(&nodes)).expect("`keep` says it");
    assert!(text.contains("keep n56;\n    n57: add { skip; from n55; };"), "{text}");
}

#[test]
fn nesting_has_an_end() {
    // Each merge is a branch of the next one.
    let names: Vec<String> = (0..5000).map(|index| format!("n{index}")).collect();
    let value = |index: Option<usize>| index.map_or(Value::Input(0), Value::Node);
    let inputs: Vec<[Value; 2]> = (0..5000_usize).map(|index| [value(index.checked_sub(1)), Value::Input(0)]).collect();
    let nodes: Vec<Node<'_>> = names.iter().zip(&inputs).map(|(name, inputs)| node(name, Op::Add, inputs)).collect();
    let error = declaration(&net(&nodes)).expect_err("a graph that can't be said");
    assert!(error.why.contains("too deeply"), "{error}");
    let name = "a.".repeat(5000) + "b";
    let error = declaration(&net(&[node(&name, RELU, &[Value::Input(0)])])).expect_err("a graph that can't be said");
    assert!(error.why.contains("too deeply"), "{error}");
}

#[test]
fn values_are_there_and_come_first() {
    assert_unsayable(&net(&[node("a", RELU, &[Value::Node(0)])]), "a", "comes later");
    assert_unsayable(&net(&[node("a", RELU, &[])]), "a", "one input");
    assert_unsayable(&net(&[node("a", RELU, &[Value::Input(0); 2])]), "a", "one input");
    assert_unsayable(&net(&[node("a", Op::Add, &[Value::Input(0)])]), "a", "two branches");
    let nodes = [node("a", RELU, &[Value::Input(0)])];
    assert_unsayable(&net(&[]), "Net", "no layers");
    let outputs = [Output::new("", Value::Node(9))];
    assert_unsayable(&Graph { outputs: &outputs, ..net(&nodes) }, "Net", "doesn't have");
    let outputs = [Output::new("", Value::Input(1))];
    assert_unsayable(&Graph { outputs: &outputs, ..net(&nodes) }, "Net", "doesn't have");
    assert_unsayable(&net(&[node("a", RELU, &[Value::Input(1)])]), "a", "comes later");
    assert_unsayable(&net(&nodes).taps(&[Tap::new("t", Value::Node(1))]), "Net", "doesn't have");
    assert_unsayable(&net(&[node("a", RELU, &[Value::Input(0)]).aux(Some(0))]), "a", "not there");
}

#[test]
fn names_are_words_numbers_or_quoted() {
    for name in ["", "a..b", "a.", "a\n"] {
        assert_unsayable(&net(&[node(name, RELU, &[Value::Input(0)])]), name, "");
    }
    for (name, written) in [("1a", "\"1a\""), ("a-b", "\"a-b\""), ("07", "\"07\""), ("_", "\"_\""), ("999", "999")] {
        let text = declaration(&net(&[node(name, RELU, &[Value::Input(0)])])).expect("a declaration");
        assert!(text.contains(&format!("{{\n    {written}: relu;\n}}")), "{text}");
    }
    let twice = [node("a", RELU, &[Value::Input(0)]), node("a", RELU, &[Value::Node(0)])];
    assert_unsayable(&net(&twice), "a", "given twice");
    let outside = [
        node("g.a", RELU, &[Value::Input(0)]),
        node("b", RELU, &[Value::Input(0)]),
        node("g.c", Op::Add, &[Value::Node(0), Value::Node(1)]),
    ];
    let text = declaration(&net(&outside)).expect("a group that is interrupted has names with dots");
    assert!(text.contains("\"g.a\": relu;") && text.contains("\"g.c\": add { from a; skip; };"), "{text}");
    let nodes = [node("a", RELU, &[Value::Input(0)])];
    for name in ["", "a b", "self", "Self", "_"] {
        assert_unsayable(&Graph { name, ..net(&nodes) }, name, "name");
    }
    let raw = declaration(&Graph { name: "type", ..net(&nodes) }).expect("a declaration");
    assert!(raw.starts_with("r#type: 3 -> 3 {"), "{raw}");
}

#[test]
fn inputs_and_outputs_have_names_that_differ() {
    let nodes = [node("a", RELU, &[Value::Input(0)])];
    for names in [["x", "x"], ["x", ""], ["x", "1"], ["self", "x"], ["a b", "x"]] {
        let inputs = names.map(|name| Input::new(name, SHAPE));
        assert_unsayable(&Graph { inputs: &inputs, ..net(&nodes) }, "Net", "words that differ");
        let outputs = names.map(|name| Output::new(name, Value::Node(0)));
        assert_unsayable(&Graph { outputs: &outputs, ..net(&nodes) }, "Net", "words that differ");
    }
    assert_unsayable(&Graph { inputs: &[], ..net(&nodes) }, "Net", "words that differ");
    assert_unsayable(&Graph { outputs: &[], ..net(&nodes) }, "Net", "words that differ");
}

#[test]
fn numbers_and_tensors_are_those_of_a_layer() {
    for p in [f32::NAN, -0.5, 1.5, f32::INFINITY] {
        assert_unsayable(&net(&[node("a", Op::Dropout { p }, &[Value::Input(0)])]), "a", "bounds");
    }
    let extra = [Tensor::new("a.weight", Role::Weight, &[3])];
    assert_unsayable(&net(&[node("a", RELU, &[Value::Input(0)]).tensors(&extra)]), "a", "tensors");
    let nodes = [node("a", RELU, &[Value::Input(0)])];
    let vast = [Input::new("", Shape::map(1 << 24, 1 << 24, 1 << 24))];
    assert_unsayable(&Graph { inputs: &vast, ..net(&nodes) }, "Net", "shapes");
}

#[test]
fn taps_and_classifiers_have_a_place() {
    let nodes = [node("a", RELU, &[Value::Input(0)]), node("b", RELU, &[Value::Node(0)])];
    let taps = [Tap::new("t", Value::Node(1)), Tap::new("u", Value::Node(0))];
    assert_unsayable(&net(&nodes).taps(&taps), "u", "at another time");
    assert_unsayable(&net(&nodes).taps(&[Tap::new("g.t", Value::Node(0))]), "g.t", "no place");
    assert_unsayable(&net(&nodes).taps(&[Tap::new("output", Value::Node(0))]), "output", "name or place");
    let aux = [Aux::new("c", -1.0, Value::Node(0))];
    assert_unsayable(&net(&nodes).aux(&aux), "c", "weight");
    // A layer of a classifier that says it belongs to the trunk.
    let nodes =
        [node("a", RELU, &[Value::Input(0)]), node("c.0", RELU, &[Value::Node(0)]), node("b", RELU, &[Value::Node(0)])];
    let aux = [Aux::new("c", 0.5, Value::Node(1))];
    assert!(declaration(&net(&nodes).aux(&aux)).is_err());
}

#[test]
fn calls_are_those_of_one_block() {
    fn called<'a>(name: &'a str, op: Op, inputs: &'a [Value], calls: &'a [Call<'a>]) -> Node<'a> {
        Node { calls, ..node(name, op, inputs) }
    }
    let cases: [(&str, &[Call<'_>], &str, &str); 4] = [
        ("a.0", &[Call::new("relu", "a")], "relu", "name"),
        ("a.0", &[Call::new("part", "b")], "a.0", "blocks"),
        ("a", &[Call::new("part", "a")], "a", "blocks"),
        ("a.b.0", &[Call::new("part", "a"), Call::new("part", "a.b")], "part", "call itself"),
    ];
    for (name, calls, wrong, words) in cases {
        assert_unsayable(&net(&[called(name, RELU, &[Value::Input(0)], calls)]), wrong, words);
    }
    let (a, b) = ([Call::new("part", "a")], [Call::new("part", "b")]);
    let different = [called("a.0", RELU, &[Value::Input(0)], &a), called("b.0", Op::Softmax, &[Value::Node(0)], &b)];
    assert_unsayable(&net(&different), "part", "layers");
}

//! Nets written as declarations and read again: the description stays the same.

mod written;

use std::fs;
use std::path::{Path, PathBuf};

use cnn_compiler::plan::Plan;
use cnn_net::graph::{Graph, Node, Value};
use cnn_net::language::declaration;
use cnn_net::op::{Activation, Op, Shape};
use proc_macro2::{TokenStream, TokenTree};
use written::{check, plans};

/// The contents of all `network! { … }` in a file.
fn invocations(path: &Path) -> Vec<TokenStream> {
    let source = fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let file = syn::parse_file(&source).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let invocation = |item: syn::Item| match item {
        syn::Item::Macro(item) if item.mac.path.segments.last().is_some_and(|name| name.ident == "network") => {
            Some(item.mac.tokens)
        }
        _ => None,
    };
    file.items.into_iter().filter_map(invocation).map(without_weights).collect()
}

/// Without `#[weights("…")]`, whose files are not looked for here.
fn without_weights(tokens: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_weights = |index: usize| match (tokens.get(index), tokens.get(index + 1)) {
        (Some(TokenTree::Punct(pound)), Some(TokenTree::Group(group))) => {
            pound.as_char() == '#' && group.stream().to_string().starts_with("weights")
        }
        _ => false,
    };
    let dropped = |index: usize| is_weights(index) || index > 0 && is_weights(index - 1);
    (0..tokens.len()).filter(|index| !dropped(*index)).map(|index| tokens[index].clone()).collect()
}

/// Writes and reads the nets in the files of a folder, and counts them.
fn check_files(folder: &str) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "rs"));
    files.sort();
    let nets: Vec<Plan> = files.iter().flat_map(|path| invocations(path)).flat_map(plans).collect();
    nets.iter().for_each(|plan| drop(check(plan)));
    nets.len()
}

#[test]
fn the_nets_of_the_repository_are_written_and_read() {
    let found = ["models/src", "models/src/torchvision", "tests/support"].map(check_files);
    assert!(found.iter().zip([19, 12, 43]).all(|(found, least)| *found >= least), "{found:?} nets");
}

#[track_caller]
fn assert_written(source: &str, expected: &str) {
    let plans = plans(source.parse().expect("tokens"));
    assert_eq!(check(&plans[0]), expected);
}

#[test]
fn a_chain_is_written_as_a_person_would() {
    assert_written(
        "Net: 1x8x8 -> 3 { conv1: conv(4, 3x3, pad = 1) -> relu -> max_pool(2x2); fc: linear(3) -> softmax; tap scores; }",
        "Net: 1x8x8 -> 3 {
    conv1: conv(4, 3x3, pad = 1) -> relu -> max_pool(2x2);
    fc: linear(3) -> softmax;
    tap scores;
}
",
    );
}

#[test]
fn numbers_in_which_calls_differ_are_parameters() {
    assert_written(
        "block part(a, s = 1) { conv: conv(a, 3x3, pad = 1, stride = s) -> relu; }
         Net: 3x16x16 -> 8x8x8 { first: part(4); add { second: part(8, s = 2); conv(8, 2x2, stride = 2); }; }",
        "block part(n1, n2) {
    conv: conv(n1, 3x3, stride = n2 x n2, pad = (1, 1, 1, 1), dilation = 1x1, groups = 1, bias = true) -> relu;
}

Net: 3x16x16 -> 8x8x8 {
    first: part(4, 1);
    add {
        second: part(8, 2);
        conv(8, 2x2, stride = 2);
    };
}
",
    );
}

/// A graph that no declaration has: what is written would be another net.
#[test]
fn what_the_language_cannot_say_is_an_error() {
    const SHAPE: Shape = Shape::Vector(3);
    let node = |name, op, inputs| Node::new(name, op, inputs, SHAPE);
    let (relu, tanh) = (Op::Activation(Activation::Relu), Op::Activation(Activation::Tanh));
    let read_twice = [
        node("a", relu, &[Value::Input]),
        node("b", tanh, &[Value::Node(0)]),
        node("c", Op::Add, &[Value::Node(0), Value::Node(1)]),
        node("d", Op::Add, &[Value::Node(2), Value::Node(1)]),
    ];
    let unread = [node("a", relu, &[Value::Input]), node("b", tanh, &[Value::Input])];
    let misnumbered = [node("7", relu, &[Value::Input])];
    let cases: [(&[Node<'_>], usize, &str); 3] = [(&read_twice, 3, "b"), (&unread, 1, "a"), (&misnumbered, 0, "7")];
    for (nodes, result, name) in cases {
        let graph = Graph::new("Net", SHAPE, SHAPE, nodes, Value::Node(result));
        let error = declaration(&graph).expect_err("a graph that can't be said");
        assert_eq!(error.name, name, "{error}");
    }
}

#[test]
fn documentation_is_written_above_a_net() {
    let nodes = [Node::new("0", Op::Softmax, &[Value::Input], Shape::Vector(3))];
    let graph =
        Graph::new("Net", Shape::Vector(3), Shape::Vector(3), &nodes, Value::Node(0)).doc("Makes\n\nprobabilities.");
    let expected = "/// Makes\n///\n/// probabilities.\nNet: 3 -> 3 {\n    softmax;\n}\n";
    assert_eq!(declaration(&graph).as_deref(), Ok(expected));
    assert!(declaration(&Graph { nodes: &[], result: Value::Input, ..graph }).is_err());
}

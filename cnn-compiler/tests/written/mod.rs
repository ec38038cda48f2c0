//! A net written as a declaration and read again.

use cnn_compiler::parse::parse;
use cnn_compiler::plan::Plan;
use cnn_compiler::plan_net;
use cnn_compiler::report::Report;
use cnn_net::graph::Graph;
use cnn_net::language::declaration;
use proc_macro2::TokenStream;

/// The plans of all nets in the content of a `network!`.
pub(crate) fn plans(tokens: TokenStream) -> Vec<Plan> {
    let mut report = Report::default();
    let ast = parse(tokens, &mut report);
    let plans: Vec<Plan> = ast.nets.iter().filter_map(|net| plan_net(net, &ast, &mut report)).collect();
    if let Some(errors) = report.into_error() {
        let all: Vec<String> = errors.into_iter().map(|error| error.to_string()).collect();
        panic!("{}", all.join("\n"));
    }
    plans
}

/// Writes a net, reads what was written, and compares.
pub(crate) fn check(plan: &Plan) -> String {
    plan.describe("Net", "", |graph| {
        let text = declaration(graph).unwrap_or_else(|why| {
            let names: Vec<&str> = graph.nodes.iter().map(|node| node.name).collect();
            panic!("{why}: {names:?}")
        });
        let tokens = text.parse().unwrap_or_else(|why| panic!("{why}:\n{text}"));
        let again = plans(tokens);
        let [again] = &again[..] else { panic!("one net, not {}:\n{text}", again.len()) };
        again.describe("Net", "", |found| assert_same(found, graph, &text));
        text
    })
}

fn assert_same(found: &Graph<'_>, expected: &Graph<'_>, text: &str) {
    for (found, expected) in found.nodes.iter().zip(expected.nodes) {
        assert_eq!(found, expected, "{text}");
    }
    assert_eq!(found, expected, "{text}");
}

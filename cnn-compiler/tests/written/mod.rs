//! A net written as a declaration and read again.

use cnn_compiler::parse::parse;
use cnn_compiler::plan::Plan;
use cnn_compiler::plan_net;
use cnn_compiler::report::Report;
use cnn_net::graph::Graph;
use cnn_net::language::{Unsayable, declaration};
use proc_macro2::TokenStream;

/// The plans of all nets in the content of a `network!`, or its mistakes.
pub(crate) fn try_plans(tokens: TokenStream) -> Result<Vec<Plan>, String> {
    let mut report = Report::default();
    let ast = parse(tokens, &mut report);
    let plans: Vec<Plan> = ast.nets.iter().filter_map(|net| plan_net(net, &ast, &mut report)).collect();
    match report.into_error() {
        Some(errors) => Err(errors.into_iter().map(|error| error.to_string()).collect::<Vec<_>>().join("\n")),
        None => Ok(plans),
    }
}

/// Writes a net, reads what was written, and compares.
pub(crate) fn check(plan: &Plan) -> String {
    try_check(plan).unwrap_or_else(|why| panic!("{why}"))
}

/// Writes a net unless it can't be said, reads what was written, and compares.
pub(crate) fn try_check(plan: &Plan) -> Result<String, Unsayable> {
    plan.describe("Net", "", |graph| {
        let text = declaration(graph)?;
        let tokens = text.parse().unwrap_or_else(|why| panic!("{why}:\n{text}"));
        let again = try_plans(tokens).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
        let [again] = &again[..] else { panic!("one net, not {}:\n{text}", again.len()) };
        again.describe("Net", "", |found| assert_same(found, graph, &text));
        Ok(text)
    })
}

fn assert_same(found: &Graph<'_>, expected: &Graph<'_>, text: &str) {
    for (found, expected) in found.nodes.iter().zip(expected.nodes) {
        assert_eq!(found, expected, "{text}");
    }
    assert_eq!(found, expected, "{text}");
}

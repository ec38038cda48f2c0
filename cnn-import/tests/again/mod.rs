//! A declaration that was written, read by the compiler.

use cnn_compiler::parse::parse;
use cnn_compiler::report::Report;
use cnn_net::graph::Graph;
use proc_macro2::TokenStream;

/// Whether the compiler reads a declaration as the graph that it was written from.
pub(crate) fn read(text: &str, graph: &Graph<'_>) -> Result<(), String> {
    let tokens: TokenStream = text.parse().map_err(|why| format!("{why}:\n{text}"))?;
    let mut report = Report::default();
    let ast = parse(tokens, &mut report);
    let net = ast.nets.first().ok_or("the declaration has no net")?;
    let plan = cnn_compiler::plan_net(net, &ast, &mut report);
    if let Some(errors) = report.into_error() {
        let errors: Vec<String> = errors.into_iter().map(|error| error.to_string()).collect();
        return Err(format!("{}:\n{text}", errors.join("\n")));
    }
    let plan = plan.ok_or("the declaration has no plan")?;
    plan.describe(graph.name, graph.doc, |found| {
        for (found, expected) in found.nodes.iter().zip(graph.nodes) {
            if found != expected {
                return Err(format!("{found:#?} was read, and not {expected:#?}:\n{text}"));
            }
        }
        if found == graph { Ok(()) } else { Err(format!("the declaration is read as another net:\n{text}")) }
    })
}

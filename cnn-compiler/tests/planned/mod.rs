//! A declaration in a string, through the compiler's stages.

use cnn_compiler::plan::Plan;
use cnn_compiler::report::Report;

/// The plan of the first net in a source, or its mistakes.
pub(crate) fn plan(source: &str) -> Result<Plan, String> {
    let mut report = Report::default();
    let tokens = source.parse().map_err(|error| format!("{error}"))?;
    let ast = cnn_compiler::parse::parse(tokens, &mut report);
    let plan = ast.nets.first().and_then(|net| cnn_compiler::plan_net(net, &ast, &mut report));
    match report.into_error() {
        None => plan.ok_or_else(|| "no net, and no mistake".to_owned()),
        Some(errors) => Err(errors.into_iter().map(|error| error.to_string()).collect::<Vec<_>>().join("\n")),
    }
}

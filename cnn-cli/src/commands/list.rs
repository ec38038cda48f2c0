//! `cnn list`

use std::io::Write;

use cnn_net::language::{inputs, outputs};
use cnn_net::text::thousands;
use serde_json::json;

use crate::args::Json;
use crate::failure::Failure;
use crate::output::Output;
use crate::registry::{MODELS, Model};
use crate::table::{Align, Table, rounded};
use crate::tensors::dimensions;

/// Prints a line for each net.
pub(super) fn list(args: Json, out: &mut Output<impl Write>) -> Result<(), Failure> {
    if args.json {
        return out.json(&json!({ "nets": MODELS.iter().map(object).collect::<Vec<_>>() }));
    }
    let mut table = Table::new([Align::Left, Align::Left, Align::Right, Align::Right, Align::Left]);
    table.head(["net", "input -> output", "parameters", "MACs", "weights"]);
    for model in MODELS {
        let graph = model.graph;
        table.row([
            model.name.to_owned(),
            format!("{} -> {}", inputs(graph), outputs(graph)),
            thousands(graph.parameters()),
            rounded(graph.macs()),
            model.embedded.map_or_else(String::new, |_| "included".to_owned()),
        ]);
    }
    Ok(table.write(out)?)
}

fn object(model: &Model) -> serde_json::Value {
    json!({
        "net": model.name,
        "input": dimensions(model.graph.input()),
        "output": dimensions(model.graph.output()),
        "parameters": model.graph.parameters(),
        "macs": model.graph.macs(),
        "weights_included": model.embedded.is_some(),
        "year": model.year,
        "new": model.new,
    })
}

//! `cnn list`

use std::io::Write;

use cnn_net::text::thousands;

use crate::failure::Failure;
use crate::registry::MODELS;
use crate::table::{Align, Table};

/// Prints a line for each net.
pub(super) fn list(out: &mut impl Write) -> Result<(), Failure> {
    let mut table = Table::new([Align::Left, Align::Left, Align::Right, Align::Right, Align::Left]);
    for model in MODELS {
        let graph = model.graph;
        table.row([
            model.name.to_owned(),
            format!("{} -> {}", graph.input, graph.output),
            format!("{} parameters", thousands(graph.parameters())),
            format!("{} MACs", thousands(graph.macs())),
            model.embedded.map_or_else(String::new, |_| "weights included".to_owned()),
        ]);
    }
    Ok(table.write(out)?)
}

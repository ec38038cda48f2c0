//! `cnn summary`

mod json;
mod table;

use std::io::Write;

use cnn::graph::{Graph, Node};

use crate::args::Format;
use crate::failure::Failure;
use crate::registry::Model;

/// Prints the layers of a net and their cost.
pub(super) fn summary(net: &str, format: Format, out: &mut impl Write) -> Result<(), Failure> {
    let model = Model::named(net)?;
    match format {
        Format::Text => table::text(model, out)?,
        Format::Markdown => table::markdown(model, out)?,
        Format::Json => json::json(model, out)?,
    }
    Ok(())
}

/// The total cost of some layers.
struct Costs {
    parameters: u64,
    macs: u64,
}

impl Costs {
    fn of<'a>(nodes: impl Iterator<Item = &'a Node<'a>>) -> Self {
        nodes.fold(Self { parameters: 0, macs: 0 }, |sum, node| Self {
            parameters: sum.parameters + node.parameters(),
            macs: sum.macs + node.macs(),
        })
    }

    /// Of the layers that run at inference.
    fn of_net(graph: &Graph<'_>) -> Self {
        Self { parameters: graph.parameters(), macs: graph.macs() }
    }

    /// Of an auxiliary classifier, by its index.
    fn of_aux(graph: &Graph<'_>, aux: usize) -> Self {
        Self::of(aux_nodes(graph, aux))
    }
}

/// The layers of an auxiliary classifier, by its index.
fn aux_nodes<'a>(graph: &Graph<'a>, aux: usize) -> impl Iterator<Item = &'a Node<'a>> {
    graph.nodes.iter().filter(move |node| node.aux == Some(aux))
}

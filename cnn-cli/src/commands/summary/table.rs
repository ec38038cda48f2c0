//! A summary for people: the same rows as columns of text and as a Markdown table.

use std::io::{self, Write};

use cnn::graph::{Graph, Node, Value};

use super::{Costs, aux_nodes, weights_bytes};
use crate::language::arguments;
use crate::numbers::thousands;
use crate::registry::Model;
use crate::table::{Align, Table};

const HEAD: [&str; 5] = ["layer", "kind", "output", "parameters", "MACs"];
const COLUMNS: [Align; 5] = [Align::Left, Align::Left, Align::Right, Align::Right, Align::Right];

/// A line of the table.
enum Row {
    Layer([String; 5]),
    Total([String; 5]),
}

/// Writes columns for a terminal.
pub(super) fn text(model: &Model, out: &mut impl Write) -> io::Result<()> {
    let graph = model.graph;
    writeln!(out, "{}\n", title(graph))?;
    let mut table = Table::new(COLUMNS);
    table.row(HEAD.map(str::to_owned));
    table.rule();
    for row in rows(graph) {
        match row {
            Row::Layer(cells) => table.row(cells),
            Row::Total(cells) => {
                table.rule();
                table.row(cells);
            }
        }
    }
    table.write(out)?;
    writeln!(out)?;
    notes(model).iter().try_for_each(|[what, value]| writeln!(out, "{what:<10} {value}"))
}

/// Writes a table for a README.
pub(super) fn markdown(model: &Model, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}\n", title(model.graph))?;
    writeln!(out, "| {} |", HEAD.join(" | "))?;
    writeln!(out, "| {} |", COLUMNS.map(|align| if align == Align::Left { "---" } else { "---:" }).join(" | "))?;
    for row in rows(model.graph) {
        let cells = match row {
            Row::Layer([name, kind, rest @ ..]) => [format!("`{name}`"), format!("`{kind}`")].into_iter().chain(rest).collect(),
            Row::Total(cells) => cells.into_iter().map(bold).collect::<Vec<_>>(),
        };
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    writeln!(out)?;
    notes(model).iter().try_for_each(|[what, value]| writeln!(out, "- {what}: {value}"))
}

fn bold(cell: String) -> String {
    if cell.is_empty() { cell } else { format!("**{cell}**") }
}

/// `LeNet5: 1x32x32 -> 10`
fn title(graph: &Graph<'_>) -> String {
    format!("{}: {} -> {}", graph.name, graph.input, graph.output)
}

/// The layers that run at inference and their total, then the same for each auxiliary classifier.
fn rows(graph: &Graph<'_>) -> Vec<Row> {
    let mut rows: Vec<Row> = graph.inference().map(layer).collect();
    rows.push(total("total".to_owned(), &Costs::of_net(graph)));
    for (index, aux) in graph.aux.iter().enumerate() {
        rows.extend(aux_nodes(graph, index).map(layer));
        rows.push(total(format!("{} (auxiliary, not counted above)", aux.name), &Costs::of_aux(graph, index)));
    }
    rows
}

fn layer(node: &Node<'_>) -> Row {
    let kind = format!("{} {}", node.op.name(), arguments(&node.op));
    Row::Layer([
        node.name.to_owned(),
        kind.trim_end().to_owned(),
        node.output.to_string(),
        thousands(node.parameters()),
        thousands(node.macs),
    ])
}

fn total(what: String, costs: &Costs) -> Row {
    Row::Total([what, String::new(), String::new(), thousands(costs.parameters), thousands(costs.macs)])
}

/// What the net needs, and what it offers beside its output.
fn notes(model: &Model) -> Vec<[String; 2]> {
    let graph = model.graph;
    let mut notes = vec![
        ["weights".to_owned(), format!("{} bytes as F32", thousands(weights_bytes(graph)))],
        ["workspace".to_owned(), format!("{} bytes", thousands(model.workspace_bytes as u64))],
    ];
    for tap in graph.taps {
        let behind = match tap.value {
            Value::Input => "the input".to_owned(),
            Value::Node(index) => format!("behind {}", graph.nodes[index].name),
        };
        notes.push(["tap".to_owned(), format!("{}, {} {behind}", tap.name, graph.shape(tap.value))]);
    }
    for aux in graph.aux {
        notes.push(["auxiliary".to_owned(), format!("{}, its loss weighs {}; only training uses it", aux.name, aux.weight)]);
    }
    notes
}

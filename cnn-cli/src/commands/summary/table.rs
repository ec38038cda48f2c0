//! A summary for people: the same rows as columns of text and as a Markdown table.

use std::io::{self, Write};

use cnn::graph::{Depth, Graph, Node, Value};
use cnn::op::{Linear, Op, Store};
use cnn_net::language::arguments;
use cnn_net::text::thousands;

use super::{Costs, aux_nodes};
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
    let mut after_total = false;
    for row in rows(graph) {
        let (is_total, cells) = match row {
            Row::Layer(cells) => (false, cells),
            Row::Total(cells) => (true, cells),
        };
        if is_total || after_total {
            table.rule();
        }
        table.row(cells);
        after_total = is_total;
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
            Row::Layer([name, kind, rest @ ..]) => {
                [format!("`{name}`"), format!("`{kind}`")].into_iter().chain(rest).collect()
            }
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
        rows.push(total(format!("{} (auxiliary)", aux.name), &Costs::of_aux(graph, index)));
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
        thousands(node.macs()),
    ])
}

fn total(what: String, costs: &Costs) -> Row {
    Row::Total([what, String::new(), String::new(), thousands(costs.parameters), thousands(costs.macs)])
}

/// `22 layers: 21 convolutions, 1 fully connected`
fn depth(depth: Depth) -> String {
    let Depth { convolutions, fully_connected } = depth;
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    format!(
        "{} layer{}: {convolutions} convolution{}, {fully_connected} fully connected",
        depth.layers(),
        plural(depth.layers()),
        plural(convolutions)
    )
}

/// The formats in which weights are stored: `F32`, or `F32 and F16`.
fn formats(graph: &Graph<'_>) -> &'static str {
    let is_half = |node: &Node<'_>| matches!(node.op, Op::Linear(Linear { store: Store::F16, .. }));
    if graph.inference().any(is_half) { "F32 and F16" } else { "F32" }
}

/// The net's resources, and its results other than the output.
fn notes(model: &Model) -> Vec<[String; 2]> {
    let graph = model.graph;
    let mut notes = vec![
        ["depth".to_owned(), depth(graph.depth())],
        ["weights".to_owned(), format!("{} bytes as {}", thousands(graph.weights_bytes()), formats(graph))],
        ["workspace".to_owned(), format!("{} bytes", thousands(model.workspace_bytes as u64))],
    ];
    for tap in graph.taps {
        let place = match tap.value {
            Value::Input => "of the input".to_owned(),
            Value::Node(index) => format!("after {}", graph.nodes[index].name),
        };
        notes.push(["tap".to_owned(), format!("{}, {} {place}", tap.name, graph.shape(tap.value))]);
    }
    for aux in graph.aux {
        notes.push([
            "auxiliary".to_owned(),
            format!("{}, loss weight {}; used only in training, not in the total", aux.name, aux.weight),
        ]);
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::tests::BRANCHED;

    const TABLE: &str = "\
Branched: 2x4x4 -> 3

layer             kind                  output  parameters  MACs
----------------------------------------------------------------
same              conv 2, 3x3, pad = 1   2x4x4          38   576
0                 add                    2x4x4           0     0
1                 relu                   2x4x4           0     0
2                 global_avg_pool        2x1x1           0     0
fc                linear 3                   3           9     6
----------------------------------------------------------------
total                                                   47   582
----------------------------------------------------------------
head.0            global_avg_pool        2x1x1           0     0
head.fc           linear 3                   3           9     6
----------------------------------------------------------------
head (auxiliary)                                         9     6";

    fn written(write: fn(&Model, &mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&BRANCHED, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn auxiliary_classifiers_have_totals_of_their_own() {
        let text = written(text);
        let (table, notes) = text.rsplit_once("\n\n").unwrap();
        assert_eq!(table, TABLE);
        assert!(notes.starts_with("depth      2 layers: 1 convolution, 1 fully connected\n"), "{notes}");
        let last = "auxiliary  head, loss weight 0.3; used only in training, not in the total\n";
        assert!(notes.ends_with(last), "{notes}");
    }

    #[test]
    fn rows_of_markdown_have_the_same_columns() {
        let markdown = written(markdown);
        let rows: Vec<&str> = markdown.lines().filter(|line| line.starts_with('|')).collect();
        assert_eq!(rows.len(), 2 + 5 + 1 + 2 + 1, "{markdown}");
        assert!(rows.iter().all(|row| row.matches('|').count() == 6), "{markdown}");
        assert!(rows.contains(&"| **total** |  |  | **47** | **582** |"), "{markdown}");
    }
}

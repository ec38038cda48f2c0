//! A summary for people: columns of text, or a Markdown table.

use std::io::{self, Write};

use cnn::graph::{Depth, Graph, Node, Value};
use cnn::op::{Linear, Op, Store};
use cnn_net::language::{inputs, outputs};
use cnn_net::text::{count, thousands};

use super::cost::{Cost, Facts};
use super::nesting::rows;
use super::table::{LONG, SHORT, add, costs, long, percent};
use crate::colours::HEADING;
use crate::output::Output;
use crate::registry::Model;
use crate::table::{Align, Table};

/// Columns of a terminal.
const WIDTH: usize = 80;

/// Writes columns for a terminal.
pub(super) fn text(facts: &Facts, depth: usize, out: &mut Output<impl Write>) -> io::Result<()> {
    let title = out.styled(HEADING, title(facts.graph));
    writeln!(out, "{title}\n")?;
    let mut columns = [Align::Right; 7];
    columns[0] = Align::Left;
    let mut table = Table::new(columns);
    table.head(SHORT);
    for (index, input) in facts.graph.inputs.iter().enumerate() {
        let mut row = [const { String::new() }; 7];
        row[..2].clone_from_slice(&[facts.graph.input_name(index).to_owned(), input.shape.to_string()]);
        table.row(row);
    }
    for (index, section) in sections(facts).into_iter().enumerate() {
        if index > 0 {
            table.rule();
        }
        for row in rows(facts, &section.layers, depth) {
            add(facts, &row, section.macs, &mut table);
        }
        table.rule();
        let [parameters, macs, memory] = costs(&section.cost);
        let share = percent(section.cost.macs, section.macs);
        table.styled(HEADING, [section.name, String::new(), parameters, macs, share, memory, String::new()]);
    }
    table.narrow(WIDTH);
    table.write(out)?;
    writeln!(out)?;
    notes(facts).iter().try_for_each(|[what, value]| writeln!(out, "{what:<10} {value}"))
}

/// Writes a table for a README.
pub(super) fn markdown(facts: &Facts, depth: usize, out: &mut Output<impl Write>) -> io::Result<()> {
    writeln!(out, "{}\n", title(facts.graph))?;
    writeln!(out, "| {} |", LONG.join(" | "))?;
    writeln!(out, "| --- | --- |{}", " ---: |".repeat(LONG.len() - 2))?;
    for section in sections(facts) {
        for row in rows(facts, &section.layers, depth) {
            let Some([name, kind, rest @ ..]) = long(facts, &row, section.macs) else { continue };
            let kind = if kind.is_empty() { kind } else { format!("`{kind}`") };
            writeln!(out, "| `{name}` | {kind} | {} |", rest.join(" | "))?;
        }
        let Section { name, cost, macs, .. } = section;
        let (all, bytes) = (percent(cost.macs, macs), thousands(cost.activation_bytes));
        let cells = [name, String::new(), String::new(), thousands(cost.parameters), thousands(cost.macs), all, bytes];
        writeln!(out, "| {} |  |", cells.map(bold).join(" | "))?;
    }
    writeln!(out)?;
    notes(facts).iter().try_for_each(|[what, value]| writeln!(out, "- {what}: {value}"))
}

fn bold(cell: String) -> String {
    if cell.is_empty() { cell } else { format!("**{cell}**") }
}

/// `LeNet5: 1x32x32 -> 10`
fn title(graph: &Graph<'_>) -> String {
    format!("{}: {} -> {}", graph.name, inputs(graph), outputs(graph))
}

/// Layers with a total.
struct Section {
    layers: Vec<usize>,
    /// The name of the total.
    name: String,
    cost: Cost,
    /// The multiplications that shares refer to, if there are shares.
    macs: Option<u64>,
}

/// The layers that run at inference, then those of each auxiliary classifier.
fn sections(facts: &Facts) -> Vec<Section> {
    let (layers, cost) = (facts.layers(None), facts.total);
    let net = Section { layers, name: "total".to_owned(), cost, macs: Some(cost.macs) };
    let aux = facts.graph.aux.iter().enumerate().map(|(index, aux)| {
        let layers = facts.layers(Some(index));
        Section { cost: facts.cost(&layers), layers, name: format!("{} (auxiliary)", aux.name), macs: None }
    });
    [net].into_iter().chain(aux).collect()
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

/// An input in a sentence.
fn input(graph: &Graph<'_>, index: usize) -> String {
    if graph.names_inputs() { format!("input {}", graph.input_name(index)) } else { "input".to_owned() }
}

/// The net's resources, and its results other than the output.
fn notes(facts: &Facts) -> Vec<[String; 2]> {
    let Model { graph, workspace_bytes, .. } = facts.model;
    let bytes = |bytes: u64| count(bytes, "byte");
    let mut notes = vec![
        ["depth".to_owned(), depth(graph.depth())],
        ["MACs".to_owned(), format!("{} with a weight", count(graph.macs(), "multiplication"))],
        ["weights".to_owned(), format!("{} as {}", bytes(graph.weights_bytes()), formats(graph))],
        ["workspace".to_owned(), format!("{}, since layers share memory", bytes(*workspace_bytes as u64))],
    ];
    for output in graph.outputs.iter().filter(|_| graph.names_outputs()) {
        let place = match output.value {
            Value::Input(index) => format!("of the {}", input(graph, index)),
            Value::Node(index) => format!("after {}", graph.nodes[index].name),
        };
        notes.push(["output".to_owned(), format!("{}, {} {place}", output.name, graph.shape(output.value))]);
    }
    for tap in graph.taps {
        let place = match tap.value {
            Value::Input(index) => format!("of the {}", input(graph, index)),
            Value::Node(index) => format!("after {}", graph.nodes[index].name),
        };
        notes.push(["tap".to_owned(), format!("{}, {} {place}", tap.name, graph.shape(tap.value))]);
    }
    for aux in graph.aux {
        notes.push([
            "auxiliary".to_owned(),
            format!("{}, loss weight {}; only for training, not in the total", aux.name, aux.weight),
        ]);
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::written;
    use crate::registry::tests::BRANCHED;

    const TABLE: &str = "\
Branched: 2x4x4 -> 3

layer                output  parameters  MACs    share  memory  field
---------------------------------------------------------------------
input                 2x4x4
same conv 3x3         2x4x4          38   576   99.0 %   128 B      3
0 add                 2x4x4           0     0            128 B      3
1 relu                2x4x4           0     0            128 B      3
2 global_avg_pool     2x1x1           0     0              8 B    all
fc linear                 3           9     6    1.0 %    12 B    all
---------------------------------------------------------------------
total                                47   582  100.0 %   404 B
---------------------------------------------------------------------
head
  0 global_avg_pool   2x1x1           0     0              8 B    all
  fc linear               3           9     6             12 B    all
---------------------------------------------------------------------
head (auxiliary)                      9     6             20 B";

    #[test]
    fn auxiliary_classifiers_have_totals_of_their_own() {
        let text = written(false, |out| text(&Facts::new(&BRANCHED), usize::MAX, out));
        let (table, notes) = text.rsplit_once("\n\n").unwrap();
        assert_eq!(table, TABLE);
        assert!(notes.starts_with("depth      2 layers: 1 convolution, 1 fully connected\n"), "{notes}");
        let last = "auxiliary  head, loss weight 0.3; only for training, not in the total\n";
        assert!(notes.ends_with(last), "{notes}");
    }

    #[test]
    fn rows_of_markdown_have_the_same_columns() {
        let markdown = written(false, |out| markdown(&Facts::new(&BRANCHED), usize::MAX, out));
        let rows: Vec<&str> = markdown.lines().filter(|line| line.starts_with('|')).collect();
        assert_eq!(rows.len(), 2 + 5 + 1 + 2 + 1, "{markdown}");
        assert!(rows.iter().all(|row| row.matches('|').count() == 9), "{markdown}");
        let folded = written(false, |out| super::markdown(&Facts::new(&BRANCHED), 1, out));
        assert!(folded.contains("| `head` |  | 3 | 9 | 6 |  | 20 | all |"), "{folded}");
        assert!(rows.contains(&"| **total** |  |  | **47** | **582** | **100.0 %** | **404** |  |"), "{markdown}");
    }
}

//! The table of all architectures.

use std::collections::{BTreeMap, BTreeSet};

use cnn_net::graph::Graph;
use cnn_net::op::Op;
use cnn_net::text::thousands;

use super::{Entry, escaped};
use crate::model::letter;
use crate::text::times;
use crate::theme::Kind;

const HEAD: [&str; 12] = [
    "net",
    "year",
    "input",
    "layers: conv + fc",
    "parameters",
    "MACs",
    "weights",
    "workspace",
    "blocks",
    "activations",
    "normalisation",
    "what was new",
];

/// The columns of numbers.
const NUMBERS: [&str; 5] = ["year", "parameters", "MACs", "weights", "workspace"];

/// A cell of the table.
struct Cell {
    text: String,
    is_number: bool,
    /// Its tooltip.
    title: Option<String>,
}

impl Cell {
    fn text(text: String) -> Self {
        let text = if text.is_empty() { "–".to_owned() } else { text };
        Self { text, is_number: false, title: None }
    }

    fn number(number: u64) -> Self {
        Self { text: thousands(number), is_number: true, title: None }
    }

    /// Bytes, rounded; the title has the exact number.
    fn size(bytes: u64) -> Self {
        let text = match bytes {
            0..10_000 => format!("{} B", thousands(bytes)),
            10_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
            _ => format!("{:.1} MB", bytes as f64 / 1e6),
        };
        Self { text, is_number: true, title: Some(format!("{} bytes", thousands(bytes))) }
    }
}

/// The cells of a net, without its name.
fn cells(entry: &Entry<'_>) -> [Cell; 11] {
    let graph = entry.graph;
    let depth = graph.depth();
    [
        Cell { text: entry.year.to_string(), is_number: true, title: None },
        Cell::text(times(graph.input())),
        Cell::text(format!("{}: {} + {}", depth.layers(), depth.convolutions, depth.fully_connected)),
        Cell::number(graph.parameters()),
        Cell::number(graph.macs()),
        Cell::size(graph.weights_bytes()),
        Cell::size(entry.workspace_bytes as u64),
        Cell::text(blocks(graph)),
        Cell::text(functions(graph)),
        Cell::text(normalisations(graph)),
        Cell::text(entry.new.to_owned()),
    ]
}

/// The table as HTML, with a row for each net.
pub(super) fn table(entries: &[Entry<'_>]) -> String {
    let class = |title: &str| if NUMBERS.contains(&title) { " class=\"number\"" } else { "" };
    let head: String = HEAD.iter().map(|title| format!("<th scope=\"col\"{}>{title}</th>", class(title))).collect();
    let rows: String = entries.iter().map(row).collect();
    format!("<div class=\"scroll\"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n")
}

fn row(entry: &Entry<'_>) -> String {
    let name = escaped(entry.name);
    let cells = cells(entry).map(|cell| {
        let class = if cell.is_number { " class=\"number\"" } else { "" };
        let title = cell.title.map(|title| format!(" title=\"{}\"", escaped(&title))).unwrap_or_default();
        format!("<td{class}{title}>{}</td>", escaped(&cell.text))
    });
    format!("<tr><th scope=\"row\"><a href=\"#{name}\">{name}</a></th>{}</tr>\n", cells.concat())
}

/// The table of architectures as Markdown, with a column for each net: pages are too narrow for all facts side by side.
#[must_use]
pub fn table_markdown(entries: &[Entry<'_>]) -> String {
    let line = |head: &str, cells: &[&str]| format!("| {head} | {} |\n", cells.join(" | "));
    let names: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
    let columns: Vec<[Cell; 11]> = entries.iter().map(cells).collect();
    let rows = HEAD[1..].iter().enumerate().map(|(row, title)| {
        let cells: Vec<&str> = columns.iter().map(|cells| cells[row].text.as_str()).collect();
        line(title, &cells)
    });
    line("", &names) + &line("---", &vec!["---"; entries.len()]) + &rows.collect::<String>()
}

/// The blocks that the net itself calls, in order of their first call: `conv block × 4, identity block × 12`.
fn blocks(graph: &Graph<'_>) -> String {
    let mut calls: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut order: Vec<&str> = Vec::new();
    for call in graph.inference().filter_map(|node| node.calls.first()) {
        if !order.contains(&call.block) {
            order.push(call.block);
        }
        calls.entry(call.block).or_default().insert(call.name);
    }
    let counted =
        order.iter().filter_map(|block| Some(format!("{} × {}", calls.get(block)?.len(), block.replace('_', " "))));
    counted.collect::<Vec<_>>().join(", ")
}

/// The functions after layers, in order of appearance.
fn functions(graph: &Graph<'_>) -> String {
    let letters = graph.inference().filter_map(|node| letter(&node.op));
    let letters = letters.filter(|letter| ![Kind::BatchNorm, Kind::Norm, Kind::Scale].contains(&letter.kind));
    let mut names: Vec<&str> = Vec::new();
    for letter in letters.filter(|letter| letter.long != "identity") {
        if !names.contains(&letter.long) {
            names.push(letter.long);
        }
    }
    names.join(", ")
}

fn normalisations(graph: &Graph<'_>) -> String {
    let uses = |is: fn(&Op) -> bool| graph.inference().any(|node| is(&node.op));
    let local = uses(|op| matches!(op, Op::Lrn(_))).then_some("local response");
    let batch = uses(|op| matches!(op, Op::BatchNorm(_))).then_some("batch");
    let mut names: Vec<&str> = local.into_iter().chain(batch).collect();
    for node in graph.inference().filter(|node| matches!(node.op, Op::Norm(_) | Op::Grn { .. })) {
        let name = node.op.facts().long.trim_end_matches(" normalisation");
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

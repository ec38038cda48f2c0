//! The table of all architectures.

use std::collections::{BTreeMap, BTreeSet};

use cnn_runtime::graph::Graph;
use cnn_runtime::op::Op;

use super::{Entry, escaped};
use crate::model::letter;
use crate::text::{thousands, times};
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

/// One line for each net.
pub(super) fn table(entries: &[Entry<'_>]) -> String {
    let head: String = HEAD.iter().map(|title| format!("<th scope=\"col\">{title}</th>")).collect();
    let rows: String = entries.iter().map(row).collect();
    format!("<div class=\"scroll\"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n")
}

fn row(entry: &Entry<'_>) -> String {
    let graph = entry.graph;
    let depth = graph.depth();
    let name = escaped(entry.name);
    let number = |number: u64| format!("<td class=\"number\">{}</td>", thousands(number));
    let text = |text: String| format!("<td>{}</td>", if text.is_empty() { "–".to_owned() } else { escaped(&text) });
    let cells = [
        format!("<td class=\"number\">{}</td>", entry.year),
        text(times(graph.input)),
        text(format!("{}: {} + {}", depth.layers(), depth.convolutions, depth.fully_connected)),
        number(graph.parameters()),
        number(graph.macs()),
        size(weights_bytes(graph)),
        size(entry.workspace_bytes as u64),
        text(blocks(graph)),
        text(functions(graph)),
        text(normalisations(graph)),
        text(entry.new.to_owned()),
    ];
    format!("<tr><th scope=\"row\"><a href=\"#{name}\">{name}</a></th>{}</tr>\n", cells.concat())
}

/// A cell of bytes, rounded; all of them for those who point at it.
fn size(bytes: u64) -> String {
    let shown = match bytes {
        0..10_000 => format!("{} B", thousands(bytes)),
        10_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    };
    format!("<td class=\"number\" title=\"{} bytes\">{shown}</td>", thousands(bytes))
}

/// Bytes of the weights that inference needs, as a file of F32 holds them.
fn weights_bytes(graph: &Graph<'_>) -> u64 {
    let tensors = graph.inference().flat_map(|node| node.tensors);
    tensors.map(|tensor| (tensor.elements() * size_of::<f32>()) as u64).sum()
}

/// `4 conv block, 12 identity block`: the blocks that the net calls itself, in the order in which it does.
fn blocks(graph: &Graph<'_>) -> String {
    let mut calls: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut order: Vec<&str> = Vec::new();
    for call in graph.inference().filter_map(|node| node.calls.first()) {
        if !order.contains(&call.block) {
            order.push(call.block);
        }
        calls.entry(call.block).or_default().insert(call.name);
    }
    let told =
        order.iter().filter_map(|block| Some(format!("{} × {}", calls.get(block)?.len(), block.replace('_', " "))));
    told.collect::<Vec<_>>().join(", ")
}

/// The functions behind layers, in the order in which they are met.
fn functions(graph: &Graph<'_>) -> String {
    let letters = graph.inference().filter_map(|node| letter(&node.op)).filter(|letter| letter.kind != Kind::BatchNorm);
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
    local.into_iter().chain(batch).collect::<Vec<_>>().join(", ")
}

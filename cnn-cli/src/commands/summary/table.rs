//! The rows of a summary, as cells: for a terminal, and with everything.

use cnn::op::{Op, Shape};
use cnn::receptive::ReceptiveField;
use cnn_net::language::arguments;
use cnn_net::text::thousands;

use super::cost::{Cost, Facts, share};
use super::nesting::{Block, Row, last};
use crate::table::{Table, rounded};

/// Cells that do not depend on the table.
struct Line {
    output: Shape,
    cost: Cost,
    field: ReceptiveField,
}

impl Line {
    /// Of some layers, with the output of the last one.
    fn of(facts: &Facts, layers: &[usize], last: usize) -> Self {
        Self { output: facts.node(last).output, cost: facts.cost(layers), field: facts.field(last) }
    }
}

pub(super) const SHORT: [&str; 7] = ["layer", "output", "parameters", "MACs", "share", "memory", "field"];

/// Adds a row for a terminal. `total` is that of the net, or `None` where there are no shares.
pub(super) fn add(facts: &Facts, row: &Row, total: Option<u64>, table: &mut Table<7>) {
    let (label, Line { output, cost, field }) = match row {
        Row::Layer { node: index, level } => {
            let node = facts.node(*index);
            (label(last(node.name), &kind(&node.op), *level), Line::of(facts, &[*index], *index))
        }
        Row::Block(block) => {
            let label = label(last(block.name), block.block.unwrap_or_default(), block.level);
            if block.open {
                return table.text(label);
            }
            (label, Line::of(facts, &block.layers, block.last()))
        }
    };
    let [parameters, macs, memory] = costs(&cost);
    table.row([label, output.to_string(), parameters, macs, percent(cost.macs, total), memory, field.to_string()]);
}

/// Parameters, multiplications and bytes for a terminal.
pub(super) fn costs(cost: &Cost) -> [String; 3] {
    let memory = rounded(cost.activation_bytes);
    let unit = if memory.contains(' ') { "B" } else { " B" };
    [thousands(cost.parameters), rounded(cost.macs), memory + unit]
}

/// `12.3 %`
pub(super) fn percent(part: u64, total: Option<u64>) -> String {
    let share = total.and_then(|total| share(part, total));
    share.filter(|share| *share > 0.0).map_or_else(String::new, |share| format!("{:.1} %", 100.0 * share))
}

/// `    conv1 conv 3x3/2`
fn label(name: &str, kind: &str, level: usize) -> String {
    let indent = 2 * (level - 1);
    format!("{:indent$}{name} {kind}", "").trim_end().to_owned()
}

/// A layer with its window and stride, if it has them: `conv 3x3/2`.
fn kind(op: &Op) -> String {
    let stride = match (op.window(), op) {
        (Some(window), _) => window.stride,
        (None, Op::ConvTranspose(conv)) => conv.stride,
        (None, _) => return op.name().to_owned(),
    };
    let stride = match (stride.height, stride.width) {
        (1, 1) => String::new(),
        (height, width) if height == width => format!("/{height}"),
        _ => format!("/{stride}"),
    };
    let kernel = op.kernel().map_or_else(String::new, |kernel| kernel.to_string());
    format!("{} {kernel}{stride}", op.name())
}

pub(super) const LONG: [&str; 8] =
    ["layer", "kind", "output", "parameters", "MACs", "share", "activation bytes", "receptive field"];

/// A row with everything, or nothing for a block whose layers follow.
pub(super) fn long(facts: &Facts, row: &Row, total: Option<u64>) -> Option<[String; 8]> {
    let (name, kind, line) = match row {
        Row::Layer { node: index, .. } => {
            let node = facts.node(*index);
            let kind = format!("{} {}", node.op.name(), arguments(&node.op));
            (node.name, kind.trim_end().to_owned(), Line::of(facts, &[*index], *index))
        }
        Row::Block(Block { open: true, .. }) => return None,
        Row::Block(block) => {
            let kind = block.block.unwrap_or_default().to_owned();
            (block.name, kind, Line::of(facts, &block.layers, block.last()))
        }
    };
    let Line { output, cost, field } = line;
    Some([
        name.to_owned(),
        kind,
        output.to_string(),
        thousands(cost.parameters),
        thousands(cost.macs),
        percent(cost.macs, total),
        thousands(cost.activation_bytes),
        field.to_string(),
    ])
}

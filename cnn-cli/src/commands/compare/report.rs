//! The report: a line for each comparison, and the verdict.

use std::io::{self, Write};

use clap::builder::styling::Style;
use cnn::graph::{Graph, Node, Value};
use cnn::op::Op;
use cnn_net::language::arguments;
use serde_json::json;

use super::difference::Difference;
use super::{Row, Run};
use crate::colours::{BAD, GOOD};
use crate::failure::printable;
use crate::output::Output;
use crate::table::{Align, Table};
use crate::tensors::dimensions;

const HEAD: [&str; 7] = ["tensor", "run", "shape", "largest", "max", "rms", ""];
const COLUMNS: [Align; 7] =
    [Align::Left, Align::Left, Align::Left, Align::Right, Align::Right, Align::Right, Align::Left];

/// Columns of a terminal.
const WIDTH: usize = 80;

/// All comparisons, in the order in which the net computes the values.
pub(super) struct Report {
    graph: &'static Graph<'static>,
    rows: Vec<Row>,
    tolerance: f64,
}

impl Report {
    pub(super) fn new(graph: &'static Graph<'static>, mut rows: Vec<Row>, tolerance: f64) -> Self {
        rows.sort_by(|a, b| (a.value, &a.name, a.run).cmp(&(b.value, &b.name, b.run)));
        Self { graph, rows, tolerance }
    }

    /// Whether everything agrees.
    pub(super) fn agrees(&self) -> bool {
        self.rows.iter().all(|row| self.is_near(row))
    }

    /// Whether nothing was compared.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn is_near(&self, row: &Row) -> bool {
        row.difference.is_within(self.tolerance)
    }

    /// Writes the table and the verdict, or nothing if nothing was compared.
    pub(super) fn write(&self, out: &mut Output<impl Write>) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut table = Table::new(COLUMNS);
        table.head(HEAD);
        for row in &self.rows {
            table.styled(if self.is_near(row) { Style::new() } else { BAD }, self.cells(row));
        }
        table.narrow(WIDTH);
        table.write(out)?;
        let mut verdict = self.verdict();
        verdict[0] = out.styled(if self.agrees() { GOOD } else { BAD }, &verdict[0]);
        writeln!(out)?;
        verdict.iter().try_for_each(|line| writeln!(out, "{line}"))
    }

    /// The same for other programs. Numbers that JSON lacks are null.
    pub(super) fn json(&self, net: &str, problems: &[String]) -> serde_json::Value {
        let first = self.first_to_differ();
        json!({
            "net": net,
            "agrees": self.agrees() && problems.is_empty() && !self.rows.is_empty(),
            "tolerance": self.tolerance,
            "tensors": self.rows.iter().map(|row| self.object(row)).collect::<Vec<_>>(),
            "first_difference": first.map(|row| {
                let layer = self.node(row.value).map(|node| node.name);
                let kind = self.node(row.value).map(|node| call(&node.op));
                json!({ "name": printable(&row.name), "run": row.run.name(), "layer": layer, "kind": kind })
            }),
            "problems": problems,
        })
    }

    fn object(&self, row: &Row) -> serde_json::Value {
        let Difference { largest, max, rms } = row.difference;
        let [max_share, rms_share] = row.difference.relative();
        json!({
            "name": printable(&row.name),
            "layer": self.node(row.value).map(|node| node.name),
            "run": row.run.name(),
            "shape": dimensions(self.graph.shape(row.value)),
            "largest": largest,
            "max": max,
            "rms": rms,
            "max_share": max_share,
            "rms_share": rms_share,
            "agrees": self.is_near(row),
        })
    }

    fn cells(&self, row: &Row) -> [String; 7] {
        let [max, rms] = row.difference.relative().map(small);
        [
            printable(&row.name),
            row.run.name().to_owned(),
            self.graph.shape(row.value).to_string(),
            magnitude(row.difference.largest),
            max,
            rms,
            if self.is_near(row) { "" } else { "differs" }.to_owned(),
        ]
    }

    fn verdict(&self) -> Vec<String> {
        let tolerance = format!("{:e} of the tensor's largest magnitude", self.tolerance);
        let count = self.rows.iter().filter(|row| !self.is_near(row)).count();
        let Some(first) = self.first_to_differ() else {
            return vec![format!("all agree: no difference exceeds {tolerance}")];
        };
        let mut lines = vec![format!("{count} of {} differ by more than {tolerance}", self.rows.len())];
        if first.run == Run::Forward {
            lines.push("layer by layer, everything agrees, but `forward`, where layers are fused, does not".to_owned());
            lines.push("unless the tolerance is below rounding errors, this is a bug in the compiler".to_owned());
        }
        lines.push(format!("the first to differ is {}: {}", printable(&first.name), self.place(first.value)));
        let before = self.rows.iter().rfind(|row| row.run == first.run && row.value < first.value);
        lines.extend(before.map(|row| format!("before it, {} agrees", printable(&row.name))));
        lines
    }

    fn first_to_differ(&self) -> Option<&Row> {
        self.rows.iter().filter(|row| !self.is_near(row)).min_by_key(|row| (row.run, row.value))
    }

    fn node(&self, value: Value) -> Option<&'static Node<'static>> {
        match value {
            Value::Input(_) => None,
            Value::Node(index) => Some(&self.graph.nodes[index]),
        }
    }

    /// The source of a value: `conv2, conv(16, 5x5), 6x14x14 -> 16x10x10`.
    fn place(&self, value: Value) -> String {
        let Some(node) = self.node(value) else { return "the input, which is not the same".to_owned() };
        let inputs: Vec<String> = node.inputs.iter().map(|input| self.graph.shape(*input).to_string()).collect();
        let around = node.calls.last().map(|call| format!(", in block {} called as {}", call.block, call.name));
        let around = around.unwrap_or_default();
        format!("{}, {}, {} -> {}{around}", node.name, call(&node.op), inputs.join(" + "), node.output)
    }
}

/// A layer as it is called: `conv(16, 5x5)`, `relu`.
fn call(op: &Op) -> String {
    match arguments(op) {
        none if none.is_empty() => op.name().to_owned(),
        arguments => format!("{}({arguments})", op.name()),
    }
}

/// A difference.
fn small(number: f64) -> String {
    if number == 0.0 { "0".to_owned() } else { format!("{number:.1e}") }
}

/// Four significant digits, if that is short enough.
fn magnitude(number: f64) -> String {
    match number {
        0.0 => "0".to_owned(),
        0.001..10_000.0 => {
            let digits = 3 - number.log10().floor() as i32;
            format!("{number:.*}", digits.max(0) as usize)
        }
        _ => format!("{number:.3e}"),
    }
}

impl Run {
    fn name(self) -> &'static str {
        match self {
            Self::Layers => "layers",
            Self::Forward => "forward",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::written;
    use crate::registry::tests::BRANCHED;

    /// The report on values that differ from 1 by this much.
    fn report(rows: &[(&str, Value, Run, f32)]) -> String {
        let row = |&(name, value, run, off): &(&str, Value, Run, f32)| Row {
            name: name.to_owned(),
            value,
            run,
            difference: Difference::new(&[1.0], &[1.0 + off]),
        };
        let report = Report::new(BRANCHED.graph, rows.iter().map(row).collect(), 1e-4);
        assert_eq!(report.agrees(), rows.iter().all(|row| row.3 < 1e-4));
        written(false, |out| report.write(out))
    }

    const CONV: Value = Value::Node(0);
    const RELU: Value = Value::Node(2);
    const FC: Value = Value::Node(6);

    #[test]
    fn rows_are_in_the_order_of_the_net() {
        let rows =
            [("output", FC, Run::Forward, 0.0), ("output", FC, Run::Layers, 0.0), ("act.same", CONV, Run::Layers, 0.0)];
        let text = report(&rows);
        let names: Vec<&str> = text.lines().skip(2).map(|line| line.get(..17).unwrap_or_default().trim_end()).collect();
        assert_eq!(names[..3], ["act.same  layers", "output    layers", "output    forward"]);
        assert!(
            text.ends_with("\n\nall agree: no difference exceeds 1e-4 of the tensor's largest magnitude\n"),
            "{text}"
        );
    }

    #[test]
    fn the_first_difference_is_reported_with_its_layer() {
        let rows =
            [("act.same", CONV, Run::Layers, 0.0), ("sum", RELU, Run::Layers, 0.5), ("output", FC, Run::Layers, 1.0)];
        let text = report(&rows);
        let expected = "2 of 3 differ by more than 1e-4 of the tensor's largest magnitude\n\
            the first to differ is sum: 1, relu, 2x4x4 -> 2x4x4\n\
            before it, act.same agrees\n";
        assert!(text.ends_with(expected), "{text}");
        assert_eq!(text.matches("differs\n").count(), 2, "{text}");
        let input = report(&[("input", Value::Input(0), Run::Layers, 1.0)]);
        assert!(input.ends_with("the first to differ is input: the input, which is not the same\n"), "{input}");
    }

    #[test]
    fn a_difference_of_only_the_compiled_net_is_reported() {
        let text = report(&[("sum", RELU, Run::Layers, 0.0), ("sum", RELU, Run::Forward, 0.5)]);
        let verdict = "1 of 2 differ by more than 1e-4 of the tensor's largest magnitude\n\
            layer by layer, everything agrees, but `forward`, where layers are fused, does not\n\
            unless the tolerance is below rounding errors, this is a bug in the compiler\n";
        assert!(text.contains(verdict), "{text}");
    }

    #[test]
    fn magnitudes_have_four_digits() {
        let shown = [0.0, 1e-9, 0.5, 3.178_28, 42.0, 1234.2, 123_456.0, f64::NAN].map(magnitude);
        assert_eq!(shown, ["0", "1.000e-9", "0.5000", "3.178", "42.00", "1234", "1.235e5", "NaN"]);
    }
}

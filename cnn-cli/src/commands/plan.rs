//! `cnn plan`

mod step;

use std::io::{self, Write};

use cnn::Step;
use cnn::memory::{Buffer, Holds, Memory};
use cnn_compiler::file::Found;
use cnn_compiler::plan::{Call, Purpose, Range};
use cnn_diagram::{Options, memory};
use cnn_net::text::count;
use serde_json::{Value, json};

use super::drawings::write;
use crate::args::Json;
use crate::args::plan::PlanArgs;
use crate::failure::Failure;
use crate::net::planned;
use crate::output::Output;
use crate::registry::Model;
use crate::stdin::is_dash;
use crate::table::{Align, Table};
use crate::tensors::dimensions;

/// Columns of a terminal.
const WIDTH: usize = 80;

/// Prints the plan of a net.
pub(super) fn plan(args: &PlanArgs, out: &mut Output<impl Write>) -> Result<(), Failure> {
    if args.chart.as_deref().is_some_and(is_dash) {
        return Err(Failure::Message("--chart needs a file: the plan goes to standard output".to_owned()));
    }
    let model = Model::given(&args.net)?;
    if args.train {
        return step::plan(model, args, out);
    }
    let found = planned(model)?;
    if let Some(path) = &args.chart {
        let chart = memory(model.graph, model.memory, &Options::default());
        write(path, chart.as_bytes(), Json { json: false }, out)?;
    }
    if args.json.json {
        return out.json(&object(model, &found));
    }
    if args.buffers {
        buffers(model.memory, out)?
    } else {
        steps(model, &found, out)?
    }
    Ok(notes(&found).iter().try_for_each(|[what, value]| writeln!(out, "{what:<11} {value}"))?)
}

/// A line for each kernel call.
fn steps(model: &Model, found: &Found, out: &mut Output<impl Write>) -> io::Result<()> {
    let right = Align::Right;
    let mut table = Table::new([Align::Left, Align::Left, Align::Left, right, right, right]);
    table.head(["step", "kernel", "by", "output", "writes bytes", "works in bytes"]);
    for (step, call) in model.steps.iter().zip(&found.plan.calls) {
        let shape = output(model, call).map(|shape| shape.to_string()).unwrap_or_default();
        let kernel = format!("{}{}", call.kernel.function(), if call.shared { " (all)" } else { "" });
        let scratch = call.uses.scratch.map(range).unwrap_or_default();
        table.row([step.name.to_owned(), kernel, call.kernel.algorithm(), shape, range(call.uses.output), scratch]);
    }
    table.narrow(WIDTH);
    table.write(out)?;
    writeln!(out)
}

/// A line for each buffer.
fn buffers(memory: &Memory<'_>, out: &mut Output<impl Write>) -> io::Result<()> {
    let mut table = Table::new([Align::Left, Align::Left, Align::Right, Align::Left, Align::Left]);
    table.head(["made for", "holds", "bytes", "from", "to"]);
    let time = |time: usize| memory.times.get(time).copied().unwrap_or_default().to_owned();
    for buffer in memory.buffers {
        let bytes = range(Range { offset: buffer.offset, len: buffer.len });
        table.row([
            buffer.name.to_owned(),
            holds(buffer.holds).to_owned(),
            bytes,
            time(buffer.first),
            time(buffer.last),
        ]);
    }
    table.narrow(WIDTH);
    table.write(out)?;
    writeln!(out)
}

/// The totals.
fn notes(found: &Found) -> Vec<[String; 2]> {
    let plan = &found.plan;
    let bytes = |bytes: usize| count(bytes as u64, "byte");
    let images = found.options.images;
    let (all, each) =
        if images > 1 { (format!(" for {images} images"), " for one image") } else { (String::new(), "") };
    vec![
        ["workspace".to_owned(), format!("{}{all}, WORKSPACE_BYTES", bytes(plan.bytes()))],
        ["lower bound".to_owned(), format!("{}{each}, in use at once", bytes(plan.lower_bound * FLOAT))],
        ["weights".to_owned(), format!("{}, packed", bytes(plan.packed_len * FLOAT))],
    ]
}

const FLOAT: usize = size_of::<f32>();

/// The shape of what a call computes, or of what it moves.
fn output(model: &Model, call: &Call) -> Option<cnn::op::Shape> {
    let node = match &call.purpose {
        Purpose::Computes(nodes) => *nodes.last()?,
        Purpose::Moves(node) => (*node)?,
        Purpose::Reads(input) => return Some(model.graph.inputs[*input].shape),
    };
    Some(model.graph.nodes[node].output)
}

/// Where a range begins and ends, in bytes.
fn ends(range: Range) -> [usize; 2] {
    [range.offset * FLOAT, (range.offset + range.len) * FLOAT]
}

fn range(of: Range) -> String {
    let [begin, end] = ends(of);
    format!("{begin}..{end}")
}

fn holds(what: Holds) -> &'static str {
    match what {
        Holds::Values => "values",
        Holds::Scratch => "scratch",
        Holds::Output => "output",
        Holds::Gradient => "gradient",
    }
}

fn object(model: &Model, found: &Found) -> Value {
    let plan = &found.plan;
    let layers = |call: &Call| match &call.purpose {
        Purpose::Computes(nodes) => nodes.iter().map(|node| model.graph.nodes[*node].name).collect(),
        Purpose::Moves(_) | Purpose::Reads(_) => Vec::new(),
    };
    let step = |(step, call): (&Step<'_>, &Call)| {
        json!({
            "name": step.name,
            "kernel": call.kernel.function(),
            "algorithm": call.kernel.algorithm(),
            "layers": layers(call),
            "shared": call.shared,
            "output": output(model, call).map(dimensions),
            "output_bytes": ends(call.uses.output),
            "scratch_bytes": call.uses.scratch.map(ends),
        })
    };
    json!({
        "net": model.name,
        "images": found.options.images,
        "workspace_bytes": plan.bytes(),
        "lower_bound_bytes": plan.lower_bound * FLOAT,
        "weights_bytes": plan.packed_len * FLOAT,
        "steps": model.steps.iter().zip(&plan.calls).map(step).collect::<Vec<_>>(),
        "buffers": buffer_objects(model.memory),
    })
}

fn buffer_objects(memory: &Memory<'_>) -> Vec<Value> {
    let time = |time: usize| memory.times.get(time).copied();
    let object = |buffer: &Buffer<'_>| {
        json!({
            "name": buffer.name,
            "holds": holds(buffer.holds),
            "bytes": ends(Range { offset: buffer.offset, len: buffer.len }),
            "first": time(buffer.first),
            "last": time(buffer.last),
        })
    };
    memory.buffers.iter().map(object).collect()
}

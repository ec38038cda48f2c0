//! The plan of a training step.

use std::io::{self, Write};

use cnn_compiler::train::Call;
use cnn_diagram::Options;
use serde_json::{Value, json};

use super::{WIDTH, buffer_objects, buffers};
use crate::args::Json;
use crate::args::plan::PlanArgs;
use crate::commands::diagram::chart;
use crate::commands::drawings::write;
use crate::commands::train::Stepped;
use crate::failure::Failure;
use crate::output::Output;
use crate::registry::Model;
use crate::table::{Align, Table};

/// Prints the plan of a net's step.
pub(super) fn plan(model: &Model, args: &PlanArgs, out: &mut Output<impl Write>) -> Result<(), Failure> {
    let step = Stepped::of(model, args.batch.map(usize::from))?;
    if let Some(path) = &args.chart {
        write(path, chart(&step, &Options::default()).as_bytes(), Json { json: false }, out)?;
    }
    if args.json.json {
        return out.json(&object(model, &step));
    }
    if args.buffers {
        step.plan.memory(|memory| buffers(memory, out))?;
    } else {
        kernels(&step, out)?;
    }
    Ok(step.notes().iter().try_for_each(|[what, text]| writeln!(out, "{what:<11} {text}"))?)
}

/// A line for each kernel call, those of gradients in a part of their own.
fn kernels(step: &Stepped, out: &mut Output<impl Write>) -> io::Result<()> {
    let (forward, backward) = step.plan.calls.split_at(step.plan.forward);
    for (name, calls) in [("step", forward), ("gradients", backward)] {
        let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
        table.head([name, "kernel", "images"]);
        for call in calls {
            table.row([call.name.clone(), call.kernel.function().to_owned(), images(call).to_owned()]);
        }
        table.narrow(WIDTH);
        table.write(out)?;
        writeln!(out)?;
    }
    Ok(())
}

/// How many images a call takes.
fn images(call: &Call) -> &'static str {
    if call.kernel.is_of_image() { "each" } else { "all" }
}

fn object(model: &Model, step: &Stepped) -> Value {
    let kernel = |call: &Call| json!({ "name": call.name, "kernel": call.kernel.function(), "images": images(call) });
    let bytes = step.bytes();
    json!({
        "net": model.name,
        "images": step.plan.layout().images,
        "train_bytes": bytes.all,
        "image_bytes": bytes.image,
        "lower_bound_bytes": bytes.lower_bound,
        "tensor_bytes": bytes.tensors,
        "gradient_bytes": bytes.gradients,
        "once_bytes": bytes.once,
        "trunk_bytes": bytes.trunk,
        "recomputed": step.plan.recomputed,
        "forward": step.plan.forward,
        "kernels": step.plan.calls.iter().map(kernel).collect::<Vec<_>>(),
        "buffers": step.plan.memory(buffer_objects),
    })
}

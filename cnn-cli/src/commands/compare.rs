//! `cnn compare`

mod difference;
mod expected;
mod report;

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Range;

use cnn::DynNetwork;
use cnn::graph::{Graph, Value};
use cnn::trace::Trace;

use super::input::Batch;
use super::trace::computed;
use super::weights::WeightsFile;
use crate::args::TracedArgs;
use crate::args::compare::CompareArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Bar;
use crate::registry::Model;
use crate::tensors;

use self::difference::Difference;
use self::expected::{Expected, Problems};
use self::report::Report;

/// Compares the outputs of a net's layers with those of another implementation.
pub(super) fn compare(args: &CompareArgs, out: &mut Output<impl Write>) -> Result<(), Failure> {
    let TracedArgs { net, weights, rename, input } = &args.traced;
    let model = Model::named(net)?;
    let batch = Batch::read(input, model)?;
    if batch.values().is_empty() {
        return Err(Failure::of_file(input, "has no inputs: its batch size is 0"));
    }
    let file = tensors::open(&args.expected)?;
    let file = tensors::tensors(&file, &args.expected, "logits")?;
    let mut problems = Problems::default();
    let mut expected = expected::find(&file, model, batch.count, &mut problems);
    let weights = WeightsFile::open(weights, rename)?;
    let params = weights.params(model)?;
    let mut rows = Vec::new();
    let bar = Bar::new("running layers");
    let each = |value: Value, found: &[f32]| {
        bar.show(computed(value), model.graph.nodes.len() as u64);
        for expected in expected.iter_mut().filter(|expected| expected.value == value) {
            expected.traced = true;
            rows.push(Row::new(expected, Run::Layers, found));
        }
    };
    let traced = Trace::new(model.graph, &params).with_aux().run(batch.values(), each);
    traced.map_err(|error| Failure::of_file(input, format_args!("does not fit {}: {error}", model.name)))?;
    drop((params, bar));
    let outputs = outputs(model.graph, &expected);
    if !outputs.is_empty() {
        let found = forward(weights.net(model, None)?.as_mut(), outputs, &batch, model)?;
        let of_output = |expected: &Expected| Some(Row::new(expected, Run::Forward, found.get(&expected.value)?));
        rows.extend(expected.iter().filter_map(of_output));
    }
    for expected in expected.iter().filter(|expected| !expected.traced) {
        problems.without_weights(&expected.name);
    }
    let report = Report::new(model.graph, rows, args.tolerance);
    if args.json.json {
        out.json(&report.json(model.name, problems.texts()))?;
    } else {
        report.write(out)?;
    }
    out.flush()?;
    problems.into_result(&args.expected)?;
    if report.agrees() { Ok(()) } else { Err(Failure::Different) }
}

/// A comparison, which is a line of the table.
struct Row {
    /// The tensor's name in the file.
    name: String,
    value: Value,
    run: Run,
    difference: Difference,
}

/// Where the compared numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Run {
    /// The layers, one by one.
    Layers,
    /// The compiled net.
    Forward,
}

impl Row {
    fn new(expected: &Expected, run: Run, found: &[f32]) -> Self {
        let difference = Difference::new(&expected.numbers, found);
        Self { name: expected.name.clone(), value: expected.value, run, difference }
    }
}

/// Where the compiled net gives a value.
enum Given {
    /// At the tap of this name.
    Tap(&'static str),
    /// In this part of its output.
    Output(Range<usize>),
}

/// Which of the expected values the compiled net gives too, and where.
fn outputs(graph: &'static Graph<'static>, expected: &[Expected]) -> BTreeMap<Value, Given> {
    let taps = graph.taps.iter().map(|tap| (tap.value, Given::Tap(tap.name)));
    let mut first = 0;
    let outputs = graph.outputs.iter().map(|output| {
        let range = first..first + graph.shape(output.value).elements();
        first = range.end;
        (output.value, Given::Output(range))
    });
    let all: BTreeMap<_, _> = taps.chain(outputs).collect();
    all.into_iter().filter(|(value, _)| expected.iter().any(|expected| expected.value == *value)).collect()
}

/// The results of the compiled net for all inputs, in order.
fn forward(
    net: &mut dyn DynNetwork,
    outputs: BTreeMap<Value, Given>,
    batch: &Batch,
    model: &Model,
) -> Result<BTreeMap<Value, Vec<f32>>, Failure> {
    let mut found: BTreeMap<Value, Vec<f32>> = BTreeMap::new();
    let bar = Bar::new("running");
    for (done, input) in batch.inputs().enumerate() {
        bar.show(done as u64, batch.inputs().len() as u64);
        let misfit = |error| Failure::Message(format!("the input does not fit {}: {error}", model.name));
        let output = net.run(input).map_err(misfit)?.to_vec();
        for (value, given) in &outputs {
            let numbers = match given {
                Given::Tap(name) => net.tap(name),
                Given::Output(range) => output.get(range.clone()),
            };
            let numbers = numbers.unwrap_or_default();
            found.entry(*value).or_default().extend_from_slice(numbers);
        }
    }
    Ok(found)
}

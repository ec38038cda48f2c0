//! `cnn compare`

mod difference;
mod expected;
mod report;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use cnn::DynNetwork;
use cnn::graph::{Graph, Value};
use cnn::trace::Trace;
use cnn::weights::Tensors;

use super::input::Batch;
use super::trace::computed;
use super::weights::WeightsFile;
use crate::args::WeightedArgs;
use crate::args::compare::CompareArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Bar;
use crate::recorded;
use crate::registry::Model;
use crate::tensors;

use self::difference::Difference;
use self::expected::{Expected, Problems};
use self::report::Report;

/// Compares the outputs of a net's layers with those of another implementation.
pub(super) fn compare(args: &CompareArgs, out: &mut Output<impl Write>) -> Result<(), Failure> {
    let WeightedArgs { net, weights, rename } = &args.weighted;
    let model = Model::given(net)?;
    let weights = WeightsFile::of(model, weights.as_deref(), rename)?;
    let compared = match (&args.recorded, &args.input, &args.expected) {
        (Some(recorded), ..) => Compared::recorded(model, &weights, recorded, args.tolerance)?,
        (None, Some(input), Some(path)) => {
            let batch = Batch::read(input, model)?;
            let file = tensors::open(path)?;
            let file = tensors::tensors(&file, path, "logits")?;
            Compared::new(model, &weights, (input, &batch), (path, &file), args.tolerance)?
        }
        // `clap` requires both.
        (None, ..) => return Err(Failure::Message("compare with what? `cnn compare --help` says how".to_owned())),
    };
    if args.json.json {
        out.json(&compared.json())?;
    } else {
        compared.write(out)?;
    }
    out.flush()?;
    compared.into_result()
}

/// A net, compared with another implementation.
pub(super) struct Compared {
    model: &'static Model,
    report: Report,
    problems: Problems,
    /// The file with the expected numbers.
    path: PathBuf,
}

impl Compared {
    /// With recorded results.
    pub(super) fn recorded(
        model: &'static Model,
        weights: &WeightsFile<'_>,
        path: &Path,
        tolerance: f64,
    ) -> Result<Self, Failure> {
        let files = recorded::open(path, model.graph)?;
        let file = tensors::tensors(&files, path, "output.output")?;
        Self::of_recorded(model, weights, path, &file, tolerance)
    }

    /// With the recorded results in these tensors of a file.
    pub(super) fn of_recorded(
        model: &'static Model,
        weights: &WeightsFile<'_>,
        path: &Path,
        file: &Tensors<'_>,
        tolerance: f64,
    ) -> Result<Self, Failure> {
        let batch = Batch::find(file, model).map_err(|problem| Failure::of_file(path, problem))?;
        Self::new(model, weights, (path, &batch), (path, file), tolerance)
    }

    /// With the expected tensors of a file, for these inputs.
    fn new(
        model: &'static Model,
        weights: &WeightsFile<'_>,
        (input, batch): (&Path, &Batch),
        (path, file): (&Path, &Tensors<'_>),
        tolerance: f64,
    ) -> Result<Self, Failure> {
        if batch.values().is_empty() {
            return Err(Failure::of_file(input, "has no inputs: its batch size is 0"));
        }
        let mut problems = Problems::default();
        let mut expected = expected::find(file, model, batch.count, &mut problems);
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
            let found = forward(weights.net(model, None)?.as_mut(), outputs, batch, model)?;
            let of_output = |expected: &Expected| Some(Row::new(expected, Run::Forward, found.get(&expected.value)?));
            rows.extend(expected.iter().filter_map(of_output));
        }
        for expected in expected.iter().filter(|expected| !expected.traced) {
            problems.without_weights(&expected.name);
        }
        let report = Report::new(model.graph, rows, tolerance);
        Ok(Self { model, report, problems, path: path.to_path_buf() })
    }

    /// The report for people.
    pub(super) fn write(&self, out: &mut Output<impl Write>) -> io::Result<()> {
        self.report.write(out)
    }

    /// The report for programs.
    pub(super) fn json(&self) -> serde_json::Value {
        self.report.json(self.model.name, self.problems.texts())
    }

    /// Whether everything could be compared, and agrees.
    pub(super) fn agrees(&self) -> bool {
        self.report.agrees() && self.problems.texts().is_empty() && !self.report.is_empty()
    }

    /// A failure if anything differs, or could not be compared.
    pub(super) fn into_result(self) -> Result<(), Failure> {
        self.problems.into_result(&self.path)?;
        if self.report.agrees() { Ok(()) } else { Err(Failure::Different) }
    }
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

//! `cnn check-weights`

use std::io::{self, Write};

use cnn::weights::{Problem, Report, WeightsError};
use serde_json::{Value, json};

use super::weights::{WeightsFile, explained};
use crate::args::check_weights::CheckWeightsArgs;
use crate::colours::{BAD, GOOD};
use crate::failure::{Failure, printable};
use crate::output::Output;
use crate::registry::Model;
use crate::table::{Align, Table};

/// The most ignored tensors and problems that are listed: more than any net of this program has.
const MOST: usize = 1000;

/// Prints what a net finds in a file: every tensor, and every problem.
pub(super) fn check_weights(args: &CheckWeightsArgs, out: &mut Output<impl Write>) -> Result<(), Failure> {
    let model = Model::given(&args.net)?;
    let file = WeightsFile::open(&args.file, &args.rename)?;
    let report = file.report(model);
    let error = |problems: &[Problem]| WeightsError { net: model.graph.name.to_owned(), problems: problems.to_vec() };
    if let [Problem::Unreadable(_)] = report.problems.as_slice() {
        return Err(file.failure(&error(&report.problems)));
    }
    let text = explained(&error(&report.problems));
    let (summary, problems) = text.split_once('\n').unwrap_or((&text, ""));
    if args.json.json {
        out.json(&object(args, model, &report))?;
    } else {
        tensors(&report, out)?;
        if report.problems.is_empty() {
            verdict(model, &report, out)?;
        } else {
            list(&report, problems, out)?;
        }
    }
    out.flush()?;
    if report.problems.is_empty() { Ok(()) } else { Err(Failure::Message(summary.to_owned())) }
}

/// A line for each tensor that is not a problem.
fn tensors(report: &Report, out: &mut Output<impl Write>) -> io::Result<()> {
    let mut table = Table::new([Align::Left, Align::Left, Align::Left, Align::Left]);
    for found in &report.found {
        let shape = format!("{:?}", found.shape);
        table.row(["found".to_owned(), found.name.clone(), shape, found.dtype.clone()]);
    }
    for name in report.ignored.iter().take(MOST) {
        table.row(["ignored".to_owned(), printable(name), String::new(), String::new()]);
    }
    table.write(out)?;
    if report.ignored.len() > MOST {
        writeln!(out, "and {} more ignored", report.ignored.len() - MOST)?;
    }
    Ok(())
}

fn verdict(model: &Model, report: &Report, out: &mut Output<impl Write>) -> io::Result<()> {
    let needed: usize = model.graph.inference().map(|node| node.own_tensors().len()).sum();
    let extra = report.found.len() - needed;
    let aux = if extra > 0 { format!(", and {extra} of auxiliary classifiers") } else { String::new() };
    let fits = out.styled(GOOD, format_args!("the file fits {}", model.graph.name));
    let all = if needed == 1 { "its only tensor is".to_owned() } else { format!("all {needed} tensors are") };
    writeln!(out, "\n{fits}: {all} there{aux}")
}

/// A line for each problem.
fn list(report: &Report, problems: &str, out: &mut Output<impl Write>) -> io::Result<()> {
    if !report.found.is_empty() || !report.ignored.is_empty() {
        writeln!(out)?;
    }
    for line in problems.lines() {
        let line = out.styled(BAD, line.trim_start());
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn object(args: &CheckWeightsArgs, model: &Model, report: &Report) -> Value {
    let found = report.found.iter();
    let found = found.map(|found| json!({ "name": found.name, "shape": found.shape, "dtype": found.dtype }));
    json!({
        "net": model.name,
        "file": args.file.to_string_lossy(),
        "fits": report.problems.is_empty(),
        "found": found.collect::<Vec<_>>(),
        "ignored": report.ignored.iter().take(MOST).map(|name| printable(name)).collect::<Vec<_>>(),
        "problems": report.problems.iter().take(MOST).map(ToString::to_string).collect::<Vec<_>>(),
    })
}

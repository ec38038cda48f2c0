//! `cnn check-weights`

use std::io::Write;

use cnn::weights::{Problem, WeightsError};

use super::weights::WeightsFile;
use crate::args::CheckWeightsArgs;
use crate::failure::{Failure, printable};
use crate::registry::Model;
use crate::table::{Align, Table};

/// The most ignored tensors that are listed: more than any net of this program has.
const MOST_IGNORED: usize = 1000;

/// Prints what a net finds in a file: every tensor, and every problem.
pub(super) fn check_weights(args: &CheckWeightsArgs, out: &mut impl Write) -> Result<(), Failure> {
    let model = Model::named(&args.net)?;
    let file = WeightsFile::open(&args.file, &args.rename)?;
    let report = file.report(model);
    if let [Problem::Unreadable(_)] = report.problems.as_slice() {
        return Err(file.failure(&WeightsError { net: model.graph.name.to_owned(), problems: report.problems }));
    }
    let mut table = Table::new([Align::Left, Align::Left, Align::Left, Align::Left]);
    for found in &report.found {
        let shape = format!("{:?}", found.shape);
        table.row(["found".to_owned(), found.name.clone(), shape, found.dtype.clone()]);
    }
    for name in report.ignored.iter().take(MOST_IGNORED) {
        table.row(["ignored".to_owned(), printable(name), String::new(), String::new()]);
    }
    table.write(out)?;
    if report.ignored.len() > MOST_IGNORED {
        writeln!(out, "and {} more ignored", report.ignored.len() - MOST_IGNORED)?;
    }
    let needed: usize = model.graph.inference().map(|node| node.tensors.len()).sum();
    if report.problems.is_empty() {
        let extra = report.found.len() - needed;
        let aux = if extra > 0 { format!(", and {extra} of auxiliary classifiers") } else { String::new() };
        return Ok(writeln!(out, "\nthe file fits {}: all {needed} tensors are there{aux}", model.graph.name)?);
    }
    if !report.found.is_empty() || !report.ignored.is_empty() {
        writeln!(out)?;
    }
    let error = WeightsError { net: model.graph.name.to_owned(), problems: report.problems }.to_string();
    let (summary, problems) = error.split_once('\n').unwrap_or((&error, ""));
    problems.lines().try_for_each(|line| writeln!(out, "{}", line.trim_start()))?;
    out.flush()?;
    Err(Failure::Message(summary.to_owned()))
}

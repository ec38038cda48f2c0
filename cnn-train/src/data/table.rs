//! Numbers in a file of comma-separated values: in each line the inputs of a net, then their targets.

use cnn_net::text::count;
use std::fs;
use std::path::Path;

use super::{DataSet, Wanted};
use crate::error::{Error, printable};
use crate::learner::{TargetKind, Targets};

/// The largest file.
const MOST: u64 = 1 << 30;

/// The set of a file. Its first line may be names of columns.
pub(super) fn set(path: &Path, wanted: &Wanted) -> Result<DataSet, Error> {
    if wanted.resize.is_some() {
        return Err(Error::data(path, "has numbers, and --resize is for pictures: leave it out"));
    }
    let unreadable = |error| Error::unreadable(path, error);
    if fs::metadata(path).map_err(unreadable)?.len() > MOST {
        return Err(Error::data(path, format!("has more than {} MiB: split it", MOST >> 20)));
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    let inputs = wanted.shape.elements();
    let targets = match wanted.target {
        TargetKind::Class(_) => 1,
        TargetKind::Numbers(numbers) | TargetKind::Pixels(numbers) => numbers,
    };
    let (mut numbers, mut classes, mut wishes) = (Vec::new(), Vec::new(), Vec::new());
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        if index == 0 && cells.iter().all(|cell| cell.parse::<f32>().is_err()) {
            continue;
        }
        let wrong = |problem: String| Error::data(path, format!("line {}: {problem}", index + 1));
        if cells.len() != inputs + targets {
            let found = cells.len();
            return Err(wrong(format!(
                "has {}, but the net needs {} and then {targets} for the target",
                count(found as u64, "number"),
                count(inputs as u64, "input")
            )));
        }
        for cell in &cells[..inputs] {
            numbers.push(number(cell).map_err(&wrong)?);
        }
        for cell in &cells[inputs..] {
            match wanted.target {
                TargetKind::Class(_) | TargetKind::Pixels(_) => classes.push(class(cell).map_err(&wrong)?),
                TargetKind::Numbers(_) => wishes.push(number(cell).map_err(&wrong)?),
            }
        }
    }
    if numbers.is_empty() {
        return Err(Error::data(path, "holds no numbers: write a line for each example"));
    }
    let targets = if wishes.is_empty() { Targets::Classes(&classes) } else { Targets::Numbers(&wishes) };
    DataSet::of_numbers(wanted, numbers, &targets)
}

fn number(cell: &str) -> Result<f32, String> {
    let number = cell.parse().ok().filter(|number: &f32| number.is_finite());
    number.ok_or_else(|| format!("`{}` is no finite number", printable(cell)))
}

fn class(cell: &str) -> Result<u32, String> {
    cell.parse().map_err(|_| format!("`{}` is no class: these are whole numbers from 0", printable(cell)))
}

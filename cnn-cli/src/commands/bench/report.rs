//! The results, for people and for programs.

use cnn_net::text::count;
use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use super::layers::{Layer, Layers};
use crate::output::Output;
use crate::registry::Model;
use crate::table::{Align, Table};

/// The fewest characters that a terminal shows of what a kernel does.
const SHORTEST: usize = 24;

/// All results.
pub(super) struct Report<'a> {
    pub(super) model: &'a Model,
    pub(super) threads: usize,
    /// The time of each pass, sorted.
    pub(super) passes: Vec<Duration>,
    pub(super) layers: Option<Layers>,
}

impl Report<'_> {
    fn min(&self) -> f64 {
        millis(self.passes[0])
    }

    fn median(&self) -> f64 {
        millis(self.passes[self.passes.len() / 2])
    }

    /// Writes lines and a table for a terminal.
    pub(super) fn text(&self, out: &mut Output<impl Write>) -> io::Result<()> {
        let (name, threads, passes) = (self.model.name, self.threads, self.passes.len());
        if let Some(layers) = &self.layers {
            let mut table = table(layers);
            if let Some(width) = out.width() {
                table.cut(width, SHORTEST);
                table.narrow(width);
            }
            table.write(out)?;
            writeln!(out, "\npeak of one core {:.0} GFLOP/s ({})", layers.peak, layers.isa)?;
        }
        let images = self.model.batch as f64;
        let gflops = images * 2.0 * self.model.graph.macs() as f64 / self.min() * 1e-6;
        let threads = count(threads as u64, "thread");
        let passes = if passes == 1 { "1 pass".to_owned() } else { format!("{passes} passes") };
        let batch =
            if self.model.batch == 1 { String::new() } else { format!("{} images per pass, ", self.model.batch) };
        writeln!(out, "{name}, {batch}{threads}, {passes}")?;
        writeln!(out, "min {:.4} ms, median {:.4} ms, {gflops:.0} GFLOP/s", self.min(), self.median())?;
        if self.model.batch > 1 {
            writeln!(out, "per image: min {:.4} ms, median {:.4} ms", self.min() / images, self.median() / images)?;
        }
        Ok(())
    }

    /// The same as an object.
    pub(super) fn json(&self) -> Value {
        let layers: Option<Vec<Value>> =
            self.layers.as_ref().map(|layers| layers.layers.iter().map(|layer| row(layer, layers.peak)).collect());
        json!({
            "net": self.model.name,
            "threads": self.threads,
            "batch": self.model.batch,
            "passes": self.passes.len(),
            "min_ms": self.min(),
            "median_ms": self.median(),
            "isa": self.layers.as_ref().map(|layers| layers.isa),
            "peak_gflops": self.layers.as_ref().map(|layers| layers.peak),
            "layers": layers,
        })
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn row(layer: &Layer, peak: f64) -> Value {
    json!({
        "name": layer.step.name,
        "kernel": layer.step.kernel,
        "algorithm": Some(layer.step.algorithm).filter(|algorithm| !algorithm.is_empty()),
        "does": layer.step.doc(layer.graph).to_string(),
        "macs": layer.step.macs(layer.graph),
        "min_ms": millis(layer.min),
        "median_ms": millis(layer.median),
        "gflops": layer.gflops(),
        "share_of_peak": layer.gflops().map(|gflops| gflops / peak),
    })
}

/// What a kernel does, with the shapes last, since a terminal may have no room for them: `conv 5x5, tanh, 1x32x32 -> 6x28x28`.
fn does(layer: &Layer) -> String {
    let does = layer.step.doc(layer.graph).to_string();
    match does.split_once(": ") {
        Some((shapes, does)) => format!("{does}, {shapes}"),
        None => does,
    }
}

fn table(layers: &Layers) -> Table<6> {
    let mut table = Table::new([Align::Left, Align::Right, Align::Right, Align::Right, Align::Left, Align::Left]);
    table.head(["layer", "µs", "GFLOP/s", "of peak", "algorithm", "kernel"]);
    for layer in &layers.layers {
        let micros = format!("{:.1}", layer.min.as_secs_f64() * 1e6);
        let gflops = layer.gflops().map_or_else(String::new, |gflops| format!("{gflops:.0}"));
        let share = layer.gflops().map_or_else(String::new, |gflops| format!("{:.0} %", 100.0 * gflops / layers.peak));
        let (name, algorithm) = (layer.step.name.to_owned(), layer.step.algorithm.to_owned());
        table.row([name, micros, gflops, share, algorithm, does(layer)]);
    }
    table
}

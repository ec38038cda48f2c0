//! `cnn bench`

mod layers;
mod peak;
mod report;

use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use cnn::Pool;
use cnn::weights::Source;
use models::seeded;

use super::weights::WeightsFile;
use crate::args::BenchArgs;
use crate::failure::Failure;
use crate::registry::{Model, Runnable};

use self::layers::Layers;
use self::report::Report;

/// Passes before any is measured: caches and the clock of the CPU get used to it.
const WARM_UP: Duration = Duration::from_millis(300);
/// How long passes are measured at least, and how many.
const MEASURING: Duration = Duration::from_secs(2);
const FEWEST: usize = 11;

/// Measures a net: all of it, and with `--layers` each kernel.
pub(super) fn bench(args: &BenchArgs, out: &mut impl Write) -> Result<(), Failure> {
    let model = Model::named(&args.net)?;
    let mut net = weighted(model, args)?;
    let input = seeded::uniform("input", model.graph.input.elements());
    let fits = "a net reads what its graph says";
    let mut pass = || {
        black_box(net.run(black_box(&input)).expect(fits));
    };
    repeat(WARM_UP, 1, &mut pass);
    let passes = repeat(MEASURING, FEWEST, &mut pass);
    let layers = args.layers.then(|| Layers::measure(net.as_mut(), model, &input));
    let report = Report { model, threads: args.threads.get(), passes, layers };
    if args.json {
        report.json(out)?
    } else {
        report.text(out)?
    }
    Ok(())
}

/// The net on the weights of a file, or on seeded ones: no time depends on what the numbers are.
fn weighted(model: &Model, args: &BenchArgs) -> Result<Box<dyn Runnable>, Failure> {
    // It lives as long as the net, which lives until the end.
    let pool = (args.threads.get() > 1).then(|| &*Box::leak(Box::new(Pool::new(args.threads.get()))));
    if let Some(path) = &args.weights {
        return WeightsFile::open(path, &args.rename)?.net(model, pool);
    }
    let file = seeded::weights(model.graph, "");
    (model.load)(&Source::new(&file), pool).map_err(|error| Failure::Message(error.to_string()))
}

/// Does something again and again; how long each time took, sorted.
fn repeat(least: Duration, fewest: usize, mut once: impl FnMut()) -> Vec<Duration> {
    let begin = Instant::now();
    let mut times = Vec::new();
    while times.len() < fewest || begin.elapsed() < least {
        let start = Instant::now();
        once();
        times.push(start.elapsed());
    }
    times.sort_unstable();
    times
}

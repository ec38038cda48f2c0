//! `cnn bench`

mod layers;
mod peak;
mod report;

use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use cnn::Pool;
use cnn::weights::{Progress, Source};
use models::seeded;

use super::weights::WeightsFile;
use crate::args::bench::BenchArgs;
use crate::failure::Failure;
use crate::progress::Bar;
use crate::registry::{Model, Runnable};

use self::layers::Layers;
use self::report::Report;

/// Passes before any is measured: caches and the clock of the CPU get used to it.
const WARM_UP: Duration = Duration::from_millis(300);
/// How many passes are measured at least.
const FEWEST: usize = 11;

/// Measures a net: all of it, and with `--layers` each kernel.
pub(super) fn bench(args: &BenchArgs, out: &mut impl Write) -> Result<(), Failure> {
    let model = Model::named(&args.net)?.for_batch(args.batch.get())?;
    let mut net = weighted(model, args)?;
    let input = seeded::uniform("input", model.batch * model.graph.input.elements());
    let mut pass = || {
        let start = Instant::now();
        black_box(net.run(black_box(&input)).expect("a pass reads so many images"));
        start.elapsed()
    };
    repeat(WARM_UP.min(args.seconds), 1, "warming up", &mut pass);
    let mut passes = repeat(args.seconds, FEWEST, "measuring passes", &mut pass);
    passes.sort_unstable();
    let layers = args.layers.then(|| Layers::measure(net.as_mut(), model, &input, args.seconds));
    let report = Report { model, threads: args.threads, passes, layers };
    if args.json {
        report.json(out)?
    } else {
        report.text(out)?
    }
    Ok(())
}

/// The net on the weights of a file, or on seeded ones: no time depends on what the numbers are, but for how many a ReLU makes
/// zero. Of seeded ones that is half.
fn weighted(model: &Model, args: &BenchArgs) -> Result<Box<dyn Runnable>, Failure> {
    let pool = if args.threads > 1 { Some(pool(args.threads)?) } else { None };
    if let Some(path) = &args.weights {
        return WeightsFile::open(path, &args.rename)?.net(model, pool);
    }
    let file = seeded::weights(model.graph, "");
    let bar = Bar::new("packing weights");
    let tell = |Progress { done, total }| bar.show(done, total);
    let source = Source::new(&file).on_progress(&tell);
    (model.load)(&source, pool).map_err(|error| Failure::Message(error.to_string()))
}

/// So many threads. They live as long as the net, which lives until the end.
fn pool(threads: usize) -> Result<&'static Pool, Failure> {
    let pool = Pool::new(threads);
    if pool.threads() == threads {
        return Ok(Box::leak(Box::new(pool)));
    }
    let given = pool.threads();
    Err(Failure::Message(format!("the system gives {given} of {threads} threads: ask for fewer with --threads")))
}

/// Measures something again and again, for as long as this and as often, and shows how far that is: what `once` gave
/// each time.
fn repeat<T>(least: Duration, fewest: usize, does: &'static str, mut once: impl FnMut() -> T) -> Vec<T> {
    let bar = Bar::new(does);
    let begin = Instant::now();
    let mut results = Vec::new();
    loop {
        let time = begin.elapsed();
        if results.len() >= fewest && time >= least {
            return results;
        }
        let shares = [time.as_secs_f64() / least.as_secs_f64(), results.len() as f64 / fewest as f64];
        // What is not a number is the share of no time.
        bar.show((1e3 * shares[0].min(shares[1])) as u64, 1000);
        results.push(once());
    }
}

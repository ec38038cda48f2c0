//! `cnn bench`

mod layers;
mod peak;
mod report;

use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use cnn::weights::{Progress, Source};
use cnn::{DynNetwork, Pool};
use models::seeded;

use super::weights::WeightsFile;
use crate::args::bench::BenchArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Bar;
use crate::registry::Model;

use self::layers::Layers;
use self::report::Report;

/// Warm-up time before the first measurement, for caches and the CPU's clock.
const WARM_UP: Duration = Duration::from_millis(300);
/// The fewest measured passes.
const FEWEST: usize = 11;

/// Measures a net as a whole and, with `--layers`, each kernel.
pub(super) fn bench(args: &BenchArgs, out: &mut Output<impl Write>) -> Result<(), Failure> {
    let model = Model::given(&args.net)?;
    if model.declared.is_some() && [model.batch, args.batch.get()] != [1; 2] {
        let (net, advice) =
            (model.graph.name, "a `#[batch]` needs a compiled net: `cnn new` makes a crate of this one");
        return Err(Failure::Message(format!("{net} is of a file, so it runs with one image per pass; {advice}")));
    }
    model.can_run()?;
    let model = model.for_batch(args.batch.get())?;
    let mut net = weighted(model, args)?;
    let input = seeded::uniform("input", model.batch * model.graph.input().elements());
    let mut pass = || {
        let start = Instant::now();
        black_box(net.run(black_box(&input)).expect("the input has the size of a batch"));
        start.elapsed()
    };
    repeat(WARM_UP.min(args.seconds), 1, "warming up", &mut pass);
    let mut passes = repeat(args.seconds, FEWEST, "measuring passes", &mut pass);
    passes.sort_unstable();
    let layers = args.layers.then(|| Layers::measure(net.as_mut(), model, &input, args.seconds));
    let report = Report { model, threads: args.threads, passes, layers };
    if args.json.json { out.json(&report.json()) } else { Ok(report.text(out)?) }
}

/// The net with the weights of a file, or with seeded ones. Times do not depend on the numbers, except on how many of them a
/// ReLU sets to zero. With seeded weights, that is half.
fn weighted(model: &Model, args: &BenchArgs) -> Result<Box<dyn DynNetwork>, Failure> {
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

/// This many threads.
fn pool(threads: usize) -> Result<Pool, Failure> {
    let pool = Pool::new(threads);
    if pool.threads() == threads {
        return Ok(pool);
    }
    let given = pool.threads();
    Err(Failure::Message(format!("the system started {given} of {threads} threads: ask for fewer with --threads")))
}

/// Calls `once` repeatedly, for at least this time and this often, with a progress bar. Returns the result of each call.
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
        // The share of a time of zero is not a number.
        bar.show((1e3 * shares[0].min(shares[1])) as u64, 1000);
        results.push(once());
    }
}

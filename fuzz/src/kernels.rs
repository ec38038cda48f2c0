//! Every kernel, on valid descriptors and on ones with a few numbers replaced.
//!
//! A kernel may refuse with a message and without writing anything. Otherwise it runs, writes only its output and its scratch
//! memory, and gives the same bits for any number of threads. Workspaces have their exact length, so AddressSanitizer finds any
//! access beyond them.

mod conv;
mod conv_transpose;
mod dense;
mod elementwise;
mod gradient;
mod layout;
mod maker;
mod merge;
mod moves;
mod outcome;
mod pool;
mod user;
mod winograd;

use std::fmt::Debug;
use std::ops::Range;
use std::sync::LazyLock;

use cnn_runtime::exec::isa::Isa;
use cnn_runtime::exec::run::{Run, Threads};
use cnn_runtime::exec::threads::Pool;
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::Batch;

use self::maker::Maker;
pub use self::outcome::expect_refusals;
use self::outcome::{Outcome, outcome};
use crate::choose::{Choices, noise};

/// A kernel with its descriptor.
trait Case: Debug {
    /// All numbers of the descriptor, some of which are then replaced.
    fn numbers(&mut self) -> Vec<&mut usize>;

    /// Calls it.
    fn run(&self, run: Run<'_>, batch: Batch, weights: &[f32], ws: &mut [f32]);

    /// What it may write in the workspace of an image. Called only after it has run.
    fn writes(&self) -> Writes;

    /// Whether it takes the images of a batch.
    fn takes_batch(&self) -> bool {
        false
    }
}

/// What a kernel may write.
#[derive(Default)]
struct Writes {
    maps: Vec<Map>,
    ranges: Vec<Range<usize>>,
}

impl From<Map> for Writes {
    fn from(map: Map) -> Self {
        Self { maps: vec![map], ranges: Vec::new() }
    }
}

/// A family of kernels: makes a valid case.
type Family = fn(&mut Maker<'_, '_>) -> Box<dyn Case>;

const FAMILIES: &[Family] = &[
    conv::conv,
    conv::depthwise,
    conv::planar,
    conv_transpose::conv_transpose,
    winograd::winograd,
    winograd::columns,
    dense::dense,
    pool::pool,
    pool::global,
    pool::adaptive,
    pool::channels,
    elementwise::activate,
    elementwise::prelu,
    elementwise::lrn,
    elementwise::normalise,
    elementwise::grn,
    elementwise::glu,
    elementwise::scale_shift,
    elementwise::softmax,
    gradient::activate,
    gradient::grn,
    gradient::cross_entropy,
    gradient::conv_weights,
    gradient::conv_input,
    gradient::dense_input,
    gradient::dense_weights,
    layout::load,
    layout::store,
    layout::copy,
    layout::clear_halo,
    merge::merge,
    moves::pad,
    moves::shuffle,
    moves::reshape,
    moves::resize,
    user::map_each,
    user::map_gradient,
    user::custom,
    user::custom_gradient,
];

/// Pools that split even the smallest kernels.
pub(crate) static POOLS: LazyLock<[Pool; 3]> =
    LazyLock::new(|| [1, 2, 3].map(|threads| Pool::new(threads).with_least_work(1)));

/// Runs a kernel.
///
/// # Panics
///
/// If it visibly corrupts memory, or refuses without a message.
pub fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let family = choices.pick(FAMILIES);
    let isa = choices.below(Isa::all().count());
    let isa = Isa::all().nth(isa).expect("an instruction set of this machine");
    let (pool, seed) = (choices.below(POOLS.len()), choices.bits());
    let mut maker = Maker::new(&mut choices);
    let mut case = family(&mut maker);
    let mut call = Call::new(&*case, &maker, seed);
    let mut numbers = case.numbers();
    numbers.extend(call.numbers());
    let replaced = choices.below(4);
    for _ in 0..replaced {
        let at = choices.below(numbers.len());
        *numbers[at] = choices.hostile(*numbers[at]);
    }
    let Some(memory) = call.memory() else { return };
    let outcome = check(&*case, isa, &POOLS[pool], &call, &memory);
    if let (0, Outcome::Refused(why)) = (replaced, outcome) {
        panic!("refused, though right: {why}\n{case:?} {call:?}");
    }
}

/// The numbers of a call other than its descriptor's.
#[derive(Debug)]
struct Call {
    /// The number of images, and the distance between their workspaces.
    batch: Batch,
    /// Floats of all workspaces.
    floats: usize,
    /// Floats of packed weights.
    weights: usize,
    /// Floats before the workspace in its memory, so that it is not aligned.
    skew: usize,
    seed: u64,
}

/// The greatest length of workspaces and of weights.
const MOST_FLOATS: usize = 1 << 20;

impl Call {
    fn new(case: &dyn Case, maker: &Maker<'_, '_>, seed: u64) -> Self {
        let images = if case.takes_batch() { 1 + (seed % 3) as usize } else { 1 };
        let floats = maker.floats;
        let batch = Batch { images, floats };
        Self { batch, floats: images * floats, weights: maker.weights, skew: (seed / 3 % 4) as usize, seed }
    }

    fn numbers(&mut self) -> Vec<&mut usize> {
        vec![&mut self.batch.images, &mut self.batch.floats, &mut self.floats, &mut self.weights]
    }

    /// Workspace and weights, unless they would be too large.
    fn memory(&self) -> Option<Memory> {
        if self.floats.max(self.weights) > MOST_FLOATS {
            return None;
        }
        let odd = [f32::NAN, f32::INFINITY, -0.0, f32::MAX, 1e-40];
        let odd = |(at, number): (usize, f32)| {
            let nth = self.seed as usize / 12 % 100;
            if nth > 0 && at % (7 * nth) == 0 { odd[nth % odd.len()] } else { number }
        };
        let numbers = |seed: u64, len: usize| noise(seed).enumerate().map(odd).take(len).collect();
        Some(Memory { ws: numbers(self.seed, self.skew + self.floats), weights: numbers(!self.seed, self.weights) })
    }
}

struct Memory {
    ws: Vec<f32>,
    weights: Vec<f32>,
}

/// Runs a case alone and on several threads.
fn check(case: &dyn Case, isa: Isa, pool: &Pool, call: &Call, memory: &Memory) -> Outcome {
    let batch = if case.takes_batch() { call.batch } else { Batch { images: 1, floats: call.floats } };
    let run = |run: Run<'_>| {
        let mut ws = memory.ws.clone();
        let outcome = outcome(|| case.run(run, batch, &memory.weights, &mut ws[call.skew..]));
        (outcome, ws)
    };
    let (alone, ws) = run(Run::new(isa));
    if let Outcome::Refused(why) = &alone {
        assert!(same(&ws, &memory.ws).is_none(), "refused, but wrote: {why}\n{case:?}");
        return alone;
    }
    let may = written(case, batch, call.floats);
    for (at, (now, before)) in ws[call.skew..].iter().zip(&memory.ws[call.skew..]).enumerate() {
        assert!(
            may[at] || now.to_bits() == before.to_bits(),
            "wrote at {at}, outside of its output: {case:?} {call:?}"
        );
    }
    let (shared, several) = run(Run::new(isa).on(Threads::of(pool)));
    assert!(matches!(shared, Outcome::Ran), "refused on {pool:?} only: {case:?}");
    let differs = several.iter().zip(&ws).position(|(a, b)| a.to_bits() != b.to_bits() && !(a.is_nan() && b.is_nan()));
    let scratch = |at: usize| case.writes().ranges.iter().any(|range| range.contains(&(at - call.skew)));
    if let Some(at) = differs.filter(|at| !scratch(*at)) {
        panic!("other bits at {} on {pool:?} than alone: {case:?} {call:?}", at - call.skew);
    }
    alone
}

/// The first place at which the bits differ.
fn same(a: &[f32], b: &[f32]) -> Option<usize> {
    a.iter().zip(b).position(|(a, b)| a.to_bits() != b.to_bits())
}

/// Whether each float of the workspaces may be written.
fn written(case: &dyn Case, batch: Batch, floats: usize) -> Vec<bool> {
    let Writes { maps, ranges } = case.writes();
    let mut may = vec![false; floats];
    for image in 0..batch.images {
        let start = image * batch.floats;
        for map in &maps {
            let elements = map.height.checked_mul(map.width).and_then(|pixels| pixels.checked_mul(map.channels));
            assert!(elements.is_some_and(|count| count <= floats), "an output larger than the workspace: {case:?}");
            for (y, x) in (0..map.height).flat_map(|y| (0..map.width).map(move |x| (y, x))) {
                may[start + map.offset + y * map.row + x * map.pixel..][..map.channels].fill(true);
            }
        }
        for range in &ranges {
            may[start..][range.clone()].fill(true);
        }
    }
    may
}

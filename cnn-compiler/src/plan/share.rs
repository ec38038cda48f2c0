//! Which steps of a batch take all images at once.
//!
//! A layer of large maps uses each weight often enough within an image to hide the fetching, and the maps of several
//! images are more than a cache holds. Measured with ResNet-50, batches of 8, on Zen 5: with all images in each layer,
//! an image takes 27.6 ms, and 22.9 ms alone; layers of 56x56 take up to twice as long, those of 7x7 between 12 % less
//! and 19 % more, fully connected ones a sixth.
//!
//! Of the layers with few pixels that follow all large ones, the cheapest run takes all images: it saves fetching
//! weights for each image, but whatever is alive in it must be kept for all images, which costs time where that is more
//! than the cache holds. So a classifier is in it; squeeze and excitation, whose few weights are between large maps, is
//! not.

use super::algorithm::{self, CACHE_BYTES, FROM_CACHE, FROM_MEMORY};
use super::batch::Batch;
use super::calls::calls;
use super::layout::Layout;
use super::{Plan, arena};
use crate::optimise::Optimised;
use crate::step::{Algorithm, Step, StepKind};

/// A layer with this many pixels or fewer may take all images of a batch: alone, they would not fill two tiles of the GEMM.
const FEW_PIXELS: usize = 16;
/// Keeping values of all images costs nothing up to this many bytes: half of the level-1 cache of small cores.
const NEAR_BYTES: usize = 16 << 10;
/// How often a value that is kept passes between the core and its memory: it is written and read.
const PASSES: f64 = 2.0;

/// A plan of a net whose steps are decided.
pub(super) struct Planned {
    pub(super) plan: Plan,
    /// What an image saves by what it shares with others, in the units of the model.
    pub(super) saves: f64,
}

/// One way to share.
struct Candidate {
    batch: Batch,
    /// What an image saves.
    saves: f64,
    /// Floats of the front, at least.
    front: usize,
}

impl Optimised {
    /// Plans this many images, by the best way to share within a workspace of `most` bytes; one by one, if there is none. A byte of
    /// weights costs `stream`.
    pub(super) fn batched(self, layout: Layout, images: usize, stream: f64, most: usize) -> Planned {
        let least = arena::lower_bound(&layout.buffers);
        for Candidate { batch, saves, front } in self.candidates(&layout, images, stream) {
            if (least + (images - 1) * front) * size_of::<f32>() > most {
                continue;
            }
            let plan = calls(self.clone(), layout.clone(), batch);
            if plan.bytes() <= most {
                return Planned { plan, saves };
            }
        }
        Planned { plan: calls(self, layout, Batch::one_by_one(images)), saves: 0.0 }
    }

    /// The ways to share that save time, the best one first. Each takes less memory than those before it.
    fn candidates(&self, layout: &Layout, images: usize, stream: f64) -> Vec<Candidate> {
        if images == 1 {
            return Vec::new();
        }
        let large = self.steps.iter().rposition(|step| step.kind.is_product() && self.computed(step) > FEW_PIXELS);
        let after_maps = large.map_or(0, |index| index + 1);
        let [alive, begin] = floats_over_time(layout, self.steps.len());
        let saves: Vec<Option<f64>> = self.steps.iter().map(|step| self.saves(step, images, stream)).collect();
        let mut all = Vec::new();
        for from in (after_maps..self.steps.len()).filter(|step| saves[*step].is_some()) {
            let (mut kept, mut front, mut saved) = (alive[from + 1] - begin[from + 1], 0, 0.0);
            for step in from..self.steps.len() {
                kept += begin[step + 1];
                front = front.max(alive[step + 1]);
                if let Some(more) = saves[step] {
                    saved += more;
                    let saves = (saved - keeping(kept, front, images)) / images as f64;
                    all.push(Candidate { batch: Batch { images, from, to: step + 1 }, saves, front });
                }
            }
        }
        all.retain(|candidate| candidate.saves > 0.0);
        all.sort_by(|a, b| b.saves.total_cmp(&a.saves).then(a.front.cmp(&b.front)));
        let mut least = usize::MAX;
        all.retain(|candidate| {
            let is_less = candidate.front < least;
            least = least.min(candidate.front);
            is_less
        });
        all
    }

    /// What a step saves in a pass if it reads its weights once for all images; nothing if it can't.
    fn saves(&self, step: &Step, images: usize, stream: f64) -> Option<f64> {
        let takes_all = match step.kind {
            StepKind::Conv { algorithm: Algorithm::Direct | Algorithm::Winograd { .. }, .. }
            | StepKind::Linear { .. } => true,
            StepKind::Conv { algorithm: Algorithm::Planar { .. } | Algorithm::Columns { .. }, .. }
            | StepKind::ConvTranspose { .. }
            | StepKind::Plain { .. } => false,
        };
        let weights = self.shaped.tensors[step.node()].first()?.shape.iter().product::<usize>();
        let bytes = match &step.kind {
            StepKind::Linear { linear, .. } => linear.store.bytes() * weights,
            StepKind::Conv { .. } | StepKind::ConvTranspose { .. } | StepKind::Plain { .. } => {
                size_of::<f32>() * weights
            }
        };
        let work = (weights * self.computed(step)) as f64;
        takes_all.then(|| algorithm::read_once(work, bytes as f64 * stream, images as f64))
    }

    /// The pixels that a step computes.
    fn computed(&self, step: &Step) -> usize {
        step.kind.algorithm().computed(self.values[step.output].size()).area()
    }
}

/// The floats that are alive at each time, and those whose time begins then.
fn floats_over_time(layout: &Layout, steps: usize) -> [Vec<usize>; 2] {
    let sums = |is_counted: fn(usize, &arena::Buffer) -> bool| {
        let sum = |time: usize| layout.buffers.iter().filter(|b| is_counted(time, b)).map(|b| b.len).sum();
        (0..=steps).map(sum).collect()
    };
    [sums(|time, buffer| (buffer.first..=buffer.last).contains(&time)), sums(|time, buffer| buffer.first == time)]
}

/// What it costs to keep `floats` of each image, `at_once` of them at the same time.
fn keeping(floats: usize, at_once: usize, images: usize) -> f64 {
    let bytes = |floats: usize| images * floats * size_of::<f32>();
    let price = match bytes(at_once) {
        near if near <= NEAR_BYTES => 0.0,
        cached if cached <= CACHE_BYTES => FROM_CACHE,
        _ => FROM_MEMORY,
    };
    bytes(floats) as f64 * PASSES * price
}

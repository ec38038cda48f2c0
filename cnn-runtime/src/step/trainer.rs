//! A net that is trained.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use cnn_net::graph::{Node, Tensor};

use super::params::{Memory as _, entries, place, tensors};
use super::saved::{Entry, Saved, write};
use super::{CheckpointError, Mode, Params, Pass, StepLayout, TensorPlace, Train};
use crate::exec::run::{PoolOf, Run};
#[cfg(feature = "std")]
use crate::exec::shared::Shared;
#[cfg(feature = "std")]
use crate::exec::threads::Pool;
use crate::place::heap::Heap;
use crate::place::workspace::Batch;
use crate::train::{Optimiser, Update, clip_factor, global_norm, scale};

/// What a net makes of some images.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// The mean of their losses. In training, those of auxiliary classifiers are in it, each times its weight.
    pub loss: f64,
    /// For classes, how many targets have the first of the largest scores; otherwise 0.
    pub hits: usize,
}

/// A net that is trained, with all memory that its steps need: they allocate nothing.
///
/// Results have the same bits for any number of threads.
pub struct Trainer<N: Train, O> {
    memory: Heap<N::Memory>,
    states: Vec<f32>,
    optimiser: O,
    pool: PoolOf<'static>,
    clip: Option<f64>,
    seed: u64,
    steps: u64,
}

impl<N: Train, O: Optimiser> Trainer<N, O> {
    /// Bytes of a step's memory, without what the optimiser remembers.
    pub const TRAIN_BYTES: usize = N::STEP.floats() * size_of::<f32>();
    /// Images of a minibatch.
    pub const BATCH: usize = N::STEP.images;

    /// A net with these tensors, before its first step.
    #[must_use]
    pub fn new(params: Params<N>, optimiser: O) -> Self {
        let mut memory = Heap::<N::Memory>::zeroed();
        let StepLayout { tensors_len, constants, .. } = N::STEP;
        let floats = memory.floats_mut();
        floats[..tensors_len].copy_from_slice(&params.floats);
        for constant in constants {
            floats[constant.offset..][..constant.len].fill(constant.value);
        }
        let states = vec![0.0; trained::<N, O>().map(|trained| trained.states.len()).sum()];
        Self { memory, states, optimiser, pool: PoolOf::NONE, clip: None, seed: 0, steps: 0 }
    }

    /// With other bits of dropout; the seed is 0 otherwise.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// With gradients that are together no longer than this (Pascanu, Mikolov & Bengio 2013).
    #[must_use]
    pub fn clip(self, norm: f64) -> Self {
        Self { clip: Some(norm), ..self }
    }

    /// On the threads of a pool.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn with_pool(self, pool: impl Into<Shared<'static, Pool>>) -> Self {
        Self { pool: PoolOf::of(pool), ..self }
    }

    /// One step: the loss of a minibatch, all gradients, new running statistics, and an update of every tensor that is trained.
    pub fn step(&mut self, images: &N::Images, targets: &N::Targets, rate: f64) -> Score {
        let score = self.gradients(images, targets);
        self.update(rate);
        score
    }

    /// The loss of a minibatch as in training, and all gradients, which [`grad`](Self::grad) returns. Running statistics change, but no
    /// parameter does.
    pub fn gradients(&mut self, images: &N::Images, targets: &N::Targets) -> Score {
        let pass = pass(&self.pool, true, self.seed, self.steps);
        let (shared, workspaces) = self.memory.floats_mut().split_at_mut(N::STEP.shared);
        N::forward(pass, images.as_ref(), targets.as_ref(), shared, workspaces);
        let score = score::<N>(workspaces, N::STEP.images, N::STEP.heads.len());
        N::backward(pass, shared, workspaces);
        score
    }

    /// Changes every tensor by the gradients that are there.
    pub fn update(&mut self, rate: f64) {
        self.steps += 1;
        let (params, gradients) = self.memory.floats_mut().split_at_mut(N::STEP.tensors_len);
        if let Some(most) = self.clip {
            let all = trained::<N, O>().map(|trained| &gradients[trained.gradient]);
            let factor = clip_factor(global_norm(all), most);
            trained::<N, O>().for_each(|trained| scale(factor, &mut gradients[trained.gradient]));
        }
        for Trained { place, node, tensor, gradient, states } in trained::<N, O>() {
            let decays = self.optimiser.decay().applies(&node.op, tensor.role);
            let update = Update { rate, step: self.steps, decays };
            let params = &mut params[place.offset..][..place.len];
            self.optimiser.update(&update, params, &gradients[gradient], &mut self.states[states]);
        }
    }

    /// What the net makes of any number of images, as it would at inference: by running statistics, and without dropout. Auxiliary
    /// classifiers don't count.
    ///
    /// # Panics
    ///
    /// If there are not as many targets as images.
    pub fn evaluate(&mut self, images: &[N::Image], targets: &[N::Target]) -> Score {
        assert_eq!(images.len(), targets.len(), "a target for each image");
        let pass = pass(&self.pool, false, self.seed, self.steps);
        let (shared, workspaces) = self.memory.floats_mut().split_at_mut(N::STEP.shared);
        let mut all = Score::default();
        for (images, targets) in images.chunks(N::STEP.images).zip(targets.chunks(N::STEP.images)) {
            N::forward(pass, images, targets, shared, workspaces);
            let some = score::<N>(workspaces, images.len(), 1);
            all.loss += some.loss * N::STEP.images as f64;
            all.hits += some.hits;
        }
        all.loss /= images.len().max(1) as f64;
        all
    }

    /// How many steps there were.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// The numbers of a tensor by its name.
    pub fn tensor(&self, name: &str) -> Option<&[f32]> {
        let place = place::<N>(name)?;
        Some(&self.memory.floats()[place.offset..][..place.len])
    }

    /// The gradient of a tensor by its name, `conv1.weight`, in the last minibatch; none of those that are not trained. It is in the
    /// order of the tensor.
    pub fn grad(&self, name: &str) -> Option<&[f32]> {
        let place = place::<N>(name)?;
        Some(&self.memory.floats()[place.gradient?..][..place.len])
    }

    /// A copy of all tensors.
    #[must_use]
    pub fn params(&self) -> Params<N> {
        Params::of(&self.memory.floats()[..N::STEP.tensors_len])
    }

    /// The packed weights that the net runs with.
    #[must_use]
    pub fn weights(&self) -> N::Weights {
        super::packing::weights::<N>(&self.memory.floats()[..N::STEP.tensors_len])
    }

    /// A safetensors file that PyTorch and the net's weights read.
    #[must_use]
    pub fn to_safetensors(&self) -> Vec<u8> {
        write(&entries::<N>(self.memory.floats()))
    }

    /// A safetensors file with all tensors, with what the optimiser remembers, and the number of steps: training can go on from it.
    #[must_use]
    pub fn checkpoint(&self) -> Vec<u8> {
        let counts = [(self.steps & 0xFF_FFFF) as f32, (self.steps >> 24) as f32];
        let mut all = entries::<N>(self.memory.floats());
        all.extend(trained::<N, O>().map(|trained| Entry {
            name: trained.state_name().into(),
            shape: vec![O::STATES, trained.place.len].into(),
            numbers: &self.states[trained.states],
        }));
        let counts = STEPS.iter().zip(counts.chunks(1));
        all.extend(counts.map(|(name, numbers)| Entry { name: (*name).into(), shape: vec![1].into(), numbers }));
        write(&all)
    }

    /// Goes on from a checkpoint of the same net and the same kind of optimiser. If it is another, nothing changes.
    ///
    /// # Errors
    ///
    /// If it lacks something.
    pub fn resume(&mut self, checkpoint: &[u8]) -> Result<(), CheckpointError> {
        let saved = Saved::open(checkpoint)?;
        let mut params = Params::<N>::zeros();
        for (place, _, tensor) in tensors::<N>() {
            saved.take(tensor.name, &mut params.floats[place.offset..][..place.len])?;
        }
        let mut states = vec![0.0; self.states.len()];
        for trained in trained::<N, O>() {
            saved.take(&trained.state_name(), &mut states[trained.states])?;
        }
        let mut counts = [0.0; 2];
        for (name, count) in STEPS.iter().zip(counts.chunks_mut(1)) {
            saved.take(name, count)?;
        }
        self.steps = counts[0] as u64 + ((counts[1] as u64) << 24);
        self.memory.floats_mut()[..N::STEP.tensors_len].copy_from_slice(&params.floats);
        self.states = states;
        Ok(())
    }
}

fn pass<'a>(pool: &'a PoolOf<'static>, trains: bool, seed: u64, step: u64) -> Pass<'a> {
    Pass { run: Run::best().on(pool.threads()), mode: Mode { trains, seed, step } }
}

/// The number of steps in a checkpoint: its low 24 bits, which a float holds, and the others.
const STEPS: [&str; 2] = ["steps.low", "steps.high"];

/// A tensor that is trained.
struct Trained {
    place: &'static TensorPlace,
    node: &'static Node<'static>,
    tensor: &'static Tensor<'static>,
    /// Its gradients, counted from the first of all gradients.
    gradient: Range<usize>,
    /// What the optimiser remembers of it.
    states: Range<usize>,
}

impl Trained {
    /// The name of what the optimiser remembers of it.
    fn state_name(&self) -> String {
        format!("optimiser.{}", self.tensor.name)
    }
}

/// All tensors that are trained.
fn trained<N: Train, O: Optimiser>() -> impl Iterator<Item = Trained> {
    let mut end = 0;
    tensors::<N>().filter_map(move |(place, node, tensor)| {
        let first = place.gradient? - N::STEP.tensors_len;
        let states = end..end + O::STATES * place.len;
        end = states.end;
        Some(Trained { place, node, tensor, gradient: first..first + place.len, states })
    })
}

impl<N: Train, O: fmt::Debug> fmt::Debug for Trainer<N, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { optimiser, steps, .. } = self;
        f.debug_struct("Trainer")
            .field("net", &N::GRAPH.name)
            .field("optimiser", optimiser)
            .field("steps", steps)
            .finish()
    }
}

/// The losses of images, from the first to the last.
fn score<N: Train>(workspaces: &[f32], images: usize, heads: usize) -> Score {
    let batch = Batch { images, floats: N::STEP.workspace };
    let mut score = Score::default();
    for workspace in workspaces.chunks_exact(batch.floats).take(images) {
        for (index, head) in N::STEP.heads[..heads].iter().enumerate() {
            let losses = &workspace[head.offset..][..head.losses];
            score.loss += losses.iter().map(|loss| f64::from(*loss)).sum::<f64>();
            if index == 0 {
                let hits = &workspace[head.offset + head.losses..][..head.hits];
                score.hits += hits.iter().filter(|hit| **hit == 1.0).count();
            }
        }
    }
    score
}

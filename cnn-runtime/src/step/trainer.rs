//! A net in training.

use core::borrow::BorrowMut;
use core::fmt;
use core::ops::Range;

use cnn_net::graph::{Node, Tensor};

use super::memory::{Holds, OwnMemory, TrainerMemory, Trunk};
use super::net::{place, tensors};
use super::{Mode, Pass, StepLayout, TensorPlace, Train, TrainEmbedded};
use crate::exec::run::{PoolOf, Run};
#[cfg(feature = "std")]
use crate::exec::shared::Shared;
#[cfg(feature = "std")]
use crate::exec::threads::Pool;
use crate::network::Numbers;
use crate::place::workspace::Batch;
use crate::train::{Init, Optimiser, Update, clip_factor, global_norm, scale};

/// How well a net does on some images.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// The mean loss; for several outputs, the sum of their losses, each times its weight. In training, it includes the losses of
    /// auxiliary classifiers.
    pub loss: f64,
    /// How many predictions are right: the class with the largest score, the first if several are equal, is the target.
    /// Summed over several outputs.
    pub hits: usize,
}

/// A net in training, with all memory that its steps need, so that they allocate nothing.
///
/// That memory is on the heap ([`new`](Self::new)) or provided by the caller: [`embedded_in`](Self::embedded_in) and
/// [`init_in`](Self::init_in) need no allocator. Results are bit-identical in either case, and for any number of threads.
pub struct Trainer<N: Train, O: Optimiser, S = OwnMemory<N, O>> {
    pub(super) memory: S,
    pub(super) trunk: Trunk<N>,
    pub(super) steps: u64,
    scores: N::Scores,
    optimiser: O,
    pool: PoolOf<'static>,
    clip: Option<f64>,
    seed: u64,
}

impl<N: Train, O: Optimiser, S: BorrowMut<TrainerMemory<N, O>> + Holds<TrainerMemory<N, O>>> Trainer<N, O, S> {
    /// A trainer that starts from the weights in the binary. `memory` is a `NameTrainerMemory` by value, in a box, or behind a
    /// `&mut`; its contents don't matter.
    ///
    /// The weights of the frozen layers that precede all trained ones stay in the binary, already packed. All other tensors are
    /// copied.
    pub fn embedded_in(memory: S, optimiser: O) -> Self
    where
        N: TrainEmbedded,
    {
        let (tensors, trunk) = N::embedded().split_at(N::STEP.tensors_len);
        Self::within(memory, Trunk::embedded(trunk), optimiser, |to| to.copy_from_slice(tensors))
    }

    /// A trainer with initial values that depend only on the seed, with PyTorch's distributions. `memory` is as for
    /// [`embedded_in`](Self::embedded_in).
    ///
    /// It does not compile for a net whose first layers are frozen, since these need weights.
    pub fn init_in(memory: S, optimiser: O, seed: u64) -> Self {
        const { assert!(N::STEP.trunk == 0, "the frozen layers of the net need weights: `embedded_in`") }
        Self::within(memory, Trunk::embedded(&[]), optimiser, |to| {
            for (place, node, tensor) in tensors::<N>() {
                Init::Torch.fill(seed, node, tensor, &mut to[place.offset..][..place.len]);
            }
        })
    }

    /// In memory with any contents, with tensors that `fill` writes.
    fn within(mut memory: S, trunk: Trunk<N>, optimiser: O, fill: impl FnOnce(&mut [f32])) -> Self {
        let [_, states] = memory.memory_mut().parts();
        states.fill(0.0);
        Self::start(memory, trunk, optimiser, fill)
    }
}

impl<N: Train, O: Optimiser, S: Holds<TrainerMemory<N, O>>> Trainer<N, O, S> {
    /// Bytes of a step's memory, without the optimiser's state, and without the weights of the frozen layers that precede all
    /// trained ones, which are [`TRUNK_BYTES`](Self::TRUNK_BYTES).
    pub const TRAIN_BYTES: usize = N::STEP.floats() * size_of::<f32>();
    /// Bytes of all mutable memory: that of a step, and the optimiser's state.
    pub const MEMORY_BYTES: usize = size_of::<TrainerMemory<N, O>>();
    /// Bytes of the packed weights of the frozen layers that precede all trained ones: in the binary, or on the heap.
    pub const TRUNK_BYTES: usize = N::STEP.trunk * size_of::<f32>();
    /// Images of a minibatch.
    pub const BATCH: usize = N::STEP.images;

    /// In memory where the optimiser's state is zero.
    pub(super) fn start(mut memory: S, trunk: Trunk<N>, optimiser: O, fill: impl FnOnce(&mut [f32])) -> Self {
        let StepLayout { tensors_len, constants, .. } = N::STEP;
        let [floats, _] = memory.memory_mut().parts();
        fill(&mut floats[..tensors_len]);
        for constant in constants {
            floats[constant.offset..][..constant.len].fill(constant.value);
        }
        let scores = N::NO_SCORES;
        Self { memory, trunk, optimiser, scores, pool: PoolOf::NONE, clip: None, seed: 0, steps: 0 }
    }

    /// With this seed for dropout's random bits; the default is 0.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// With gradients clipped to this global norm (Pascanu, Mikolov & Bengio 2013).
    #[must_use]
    pub fn clip(self, norm: f64) -> Self {
        Self { clip: Some(norm), ..self }
    }

    /// With the trained layers initialised again, from the seed alone: to train the last layers for other classes. Frozen layers are
    /// unchanged.
    #[must_use]
    pub fn redrawn(mut self, init: Init, seed: u64) -> Self {
        let [floats, _] = self.memory.memory_mut().parts();
        let trains = |of: usize| N::STEP.tensors.iter().any(|place| place.node == of && place.gradient.is_some());
        for (place, node, tensor) in tensors::<N>().filter(|(place, ..)| trains(place.node)) {
            init.fill(seed, node, tensor, &mut floats[place.offset..][..place.len]);
        }
        self
    }

    /// On the threads of a pool.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn with_pool(self, pool: impl Into<Shared<'static, Pool>>) -> Self {
        Self { pool: PoolOf::of(pool), ..self }
    }

    /// One step: the loss of a minibatch, all gradients, new running statistics, and an update of every trained tensor.
    ///
    /// # Panics
    ///
    /// If a target is a class that the net doesn't have.
    pub fn step(&mut self, images: &N::Images, targets: &N::Targets, rate: f64) -> Score {
        let score = self.gradients(images, targets);
        self.update(rate);
        score
    }

    /// Computes the training loss of a minibatch and all gradients, which [`grad`](Self::grad) returns. Running statistics change, but
    /// no parameter does.
    ///
    /// # Panics
    ///
    /// If a target is a class that the net doesn't have.
    pub fn gradients(&mut self, images: &N::Images, targets: &N::Targets) -> Score {
        let mut scores = N::NO_SCORES;
        let (pass, trunk, [shared, workspaces]) = self.pass(true);
        N::forward(pass, images.as_ref(), targets.as_ref(), trunk, shared, workspaces);
        add_scores::<N>(scores.as_mut(), workspaces, N::STEP.images);
        N::backward(pass, shared, workspaces);
        self.scored(scores)
    }

    /// Updates every trained tensor with the current gradients.
    pub fn update(&mut self, rate: f64) {
        self.steps += 1;
        let [floats, states_of_all] = self.memory.memory_mut().parts();
        let (params, gradients) = floats.split_at_mut(N::STEP.tensors_len);
        if let Some(most) = self.clip {
            let all = trained::<N, O>().map(|trained| &gradients[trained.gradient]);
            let factor = clip_factor(global_norm(all), most);
            trained::<N, O>().for_each(|trained| scale(factor, &mut gradients[trained.gradient]));
        }
        for Trained { place, node, tensor, gradient, states } in trained::<N, O>() {
            let decays = self.optimiser.decay().applies(&node.op, tensor.role);
            let update = Update { rate, step: self.steps, decays };
            let params = &mut params[place.offset..][..place.len];
            self.optimiser.update(&update, params, &gradients[gradient], &mut states_of_all[states]);
        }
    }

    /// Evaluates the net on any number of images, as at inference: with running statistics and without dropout. Auxiliary
    /// classifiers don't count.
    ///
    /// # Panics
    ///
    /// If there are not as many targets as images, or if one is a class that the net doesn't have.
    pub fn evaluate(&mut self, images: &[N::Image], targets: &[N::Target]) -> Score {
        assert_eq!(images.len(), targets.len(), "a target for each image");
        let mut scores = N::NO_SCORES;
        let of_outputs = &mut scores.as_mut()[..N::GRAPH.outputs.len()];
        let (pass, trunk, [shared, workspaces]) = self.pass(false);
        for (images, targets) in images.chunks(N::STEP.images).zip(targets.chunks(N::STEP.images)) {
            N::forward(pass, images, targets, trunk, shared, workspaces);
            add_scores::<N>(of_outputs, workspaces, images.len());
        }
        // Losses are shares of the mean over a minibatch.
        let minibatches = images.len().max(1) as f64 / N::STEP.images as f64;
        of_outputs.iter_mut().for_each(|score| score.loss /= minibatches);
        self.scored(scores)
    }

    /// Stores the scores of the outputs and of auxiliary classifiers, and adds them up.
    fn scored(&mut self, scores: N::Scores) -> Score {
        self.scores = scores;
        let scores = self.scores.as_ref();
        let loss = scores.iter().map(|score| score.loss).sum();
        let hits = scores[..N::GRAPH.outputs.len()].iter().map(|score| score.hits).sum();
        Score { loss, hits }
    }

    /// The parts of the last score, of a step or an evaluation: the scores of the outputs and, for a step, of the auxiliary
    /// classifiers. Losses are multiplied by their weights.
    pub fn scores(&self) -> &[Score] {
        self.scores.as_ref()
    }

    /// The net's output for an image with the current weights, as [`evaluate`](Self::evaluate) computes it; several outputs follow one
    /// another. It does not pack weights for the net itself, so use it to run a net between steps, or without an allocator.
    pub fn predict(&mut self, image: &N::Image) -> &N::Output {
        let (pass, trunk, [shared, workspaces]) = self.pass(false);
        N::forward(pass, core::slice::from_ref(image), &[], trunk, shared, workspaces);
        N::output(pass.run, workspaces);
        let output = &workspaces[N::STEP.output..][..N::Output::LEN];
        N::Output::of(output).expect("a slice of this length")
    }

    /// How a pass runs, the trunk's packed weights, and the memory of a step: the shared array, and the images' workspaces.
    fn pass(&mut self, trains: bool) -> (Pass<'_>, &[f32], [&mut [f32]; 2]) {
        let Self { memory, trunk, pool, seed, steps, .. } = self;
        let [floats, _] = memory.memory_mut().parts();
        let (shared, workspaces) = floats.split_at_mut(N::STEP.shared);
        let mode = Mode { trains, seed: *seed, step: *steps };
        (Pass { run: Run::best().on(pool.threads()), mode }, trunk.packed(), [shared, workspaces])
    }

    /// How many steps have been taken.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// The numbers of a tensor by its name, `conv1.weight`. `None` for tensors that stay in the binary
    /// ([`embedded_in`](Self::embedded_in)), which are there only in packed form.
    pub fn tensor(&self, name: &str) -> Option<&[f32]> {
        self.numbers(place::<N>(name)?)
    }

    /// The numbers of a tensor by its name, mutably. `None` for the frozen layers that precede all trained ones, whose weights are
    /// packed once.
    pub fn tensor_mut(&mut self, name: &str) -> Option<&mut [f32]> {
        let TensorPlace { offset, len, .. } = *place::<N>(name)?;
        let [floats, _] = self.memory.memory_mut().parts();
        floats[..N::STEP.tensors_len].get_mut(offset..)?.get_mut(..len)
    }

    /// The names and the numbers of the tensors that [`tensor_mut`](Self::tensor_mut) can change: save these to restore them
    /// later, and for [`resumed_at`](Self::resumed_at).
    pub fn tensors(&self) -> impl Iterator<Item = (&'static str, &[f32])> {
        let own = tensors::<N>().filter(|(place, ..)| place.offset < N::STEP.tensors_len);
        own.filter_map(|(place, _, tensor)| Some((tensor.name, self.numbers(place)?)))
    }

    /// The gradient of a tensor by its name, `conv1.weight`, in the last minibatch, in the tensor's order. `None` for tensors that
    /// are not trained.
    pub fn grad(&self, name: &str) -> Option<&[f32]> {
        let place = place::<N>(name)?;
        Some(&self.memory.memory().step()[place.gradient?..][..place.len])
    }

    /// The optimiser's state: zeros before the first step.
    pub fn states(&self) -> &[f32] {
        self.memory.memory().states()
    }

    /// The optimiser's state, mutably.
    pub fn states_mut(&mut self) -> &mut [f32] {
        let [_, states] = self.memory.memory_mut().parts();
        states
    }

    /// Sets the number of steps taken so far. With the [`tensors`](Self::tensors) and [`states`](Self::states) of a trainer that took
    /// them, training resumes bit for bit.
    #[must_use]
    pub fn resumed_at(self, steps: u64) -> Self {
        Self { steps, ..self }
    }

    pub(super) fn numbers(&self, place: &TensorPlace) -> Option<&[f32]> {
        match place.offset.checked_sub(N::STEP.tensors_len) {
            Some(offset) => self.trunk.tensors().get(offset..)?.get(..place.len),
            None => Some(&self.memory.memory().step()[place.offset..][..place.len]),
        }
    }
}

/// A trained tensor.
pub(super) struct Trained {
    pub(super) place: &'static TensorPlace,
    node: &'static Node<'static>,
    pub(super) tensor: &'static Tensor<'static>,
    /// Its gradients, as indices from the first of all gradients.
    gradient: Range<usize>,
    /// Its part of the optimiser's state.
    pub(super) states: Range<usize>,
}

/// All trained tensors.
pub(super) fn trained<N: Train, O: Optimiser>() -> impl Iterator<Item = Trained> {
    let mut end = 0;
    tensors::<N>().filter_map(move |(place, node, tensor)| {
        let first = place.gradient? - N::STEP.tensors_len;
        let states = end..end + O::STATES * place.len;
        end = states.end;
        Some(Trained { place, node, tensor, gradient: first..first + place.len, states })
    })
}

impl<N: Train, O: Optimiser + fmt::Debug, S> fmt::Debug for Trainer<N, O, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { optimiser, steps, .. } = self;
        f.debug_struct("Trainer")
            .field("net", &N::GRAPH.name)
            .field("optimiser", optimiser)
            .field("steps", steps)
            .finish()
    }
}

/// Adds the losses of images, from the first to the last, to the scores of some heads.
fn add_scores<N: Train>(scores: &mut [Score], workspaces: &[f32], images: usize) {
    let batch = Batch { images, floats: N::STEP.workspace };
    for workspace in workspaces.chunks_exact(batch.floats).take(images) {
        for (score, head) in scores.iter_mut().zip(N::STEP.heads) {
            let losses = &workspace[head.offset..][..head.losses];
            score.loss += losses.iter().map(|loss| f64::from(*loss)).sum::<f64>();
            let hits = &workspace[head.offset + head.losses..][..head.hits];
            score.hits += hits.iter().filter(|hit| **hit == 1.0).count();
        }
    }
}

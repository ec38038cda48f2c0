//! A net that is trained.

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

/// What a net makes of some images.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// The mean of their losses; of several outputs the sum, each times its weight. In training, those of auxiliary classifiers are in
    /// it, too.
    pub loss: f64,
    /// How many classes among the targets have the first of the largest scores; of several outputs all together.
    pub hits: usize,
}

/// A net that is trained, with all memory that its steps need: they allocate nothing.
///
/// That memory is on the heap ([`new`](Self::new)), or wherever the caller has it: [`embedded_in`](Self::embedded_in) and
/// [`init_in`](Self::init_in) need no allocator. Results have the same bits in either, and for any number of threads.
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
    /// A net with the weights in the binary, before its first step. `memory` is a `NameTrainerMemory` by value, in a box, or, as a
    /// `&mut`, wherever the caller has it; what is in it does not matter.
    ///
    /// The weights of the frozen layers before all that are trained stay in the binary, where they are packed already. All other
    /// tensors are copied.
    pub fn embedded_in(memory: S, optimiser: O) -> Self
    where
        N: TrainEmbedded,
    {
        let (tensors, trunk) = N::embedded().split_at(N::STEP.tensors_len);
        Self::within(memory, Trunk::embedded(trunk), optimiser, |to| to.copy_from_slice(tensors))
    }

    /// A net with numbers that follow from the seed alone, with PyTorch's distributions, before its first step. `memory` is as for
    /// [`embedded_in`](Self::embedded_in).
    ///
    /// It does not compile for a net whose first layers are frozen: these need weights.
    pub fn init_in(memory: S, optimiser: O, seed: u64) -> Self {
        const { assert!(N::STEP.trunk == 0, "the frozen layers of the net need weights: `embedded_in`") }
        Self::within(memory, Trunk::embedded(&[]), optimiser, |to| {
            for (place, node, tensor) in tensors::<N>() {
                Init::Torch.fill(seed, node, tensor, &mut to[place.offset..][..place.len]);
            }
        })
    }

    /// In memory that may hold anything, with tensors that `fill` writes.
    fn within(mut memory: S, trunk: Trunk<N>, optimiser: O, fill: impl FnOnce(&mut [f32])) -> Self {
        let [_, states] = memory.memory_mut().parts();
        states.fill(0.0);
        Self::start(memory, trunk, optimiser, fill)
    }
}

impl<N: Train, O: Optimiser, S: Holds<TrainerMemory<N, O>>> Trainer<N, O, S> {
    /// Bytes of a step's memory, without what the optimiser remembers, and without the weights of the frozen layers before all that
    /// are trained: [`TRUNK_BYTES`](Self::TRUNK_BYTES).
    pub const TRAIN_BYTES: usize = N::STEP.floats() * size_of::<f32>();
    /// Bytes of all memory that changes: of a step, and of what the optimiser remembers.
    pub const MEMORY_BYTES: usize = size_of::<TrainerMemory<N, O>>();
    /// Bytes of the packed weights of the frozen layers before all that are trained: in the binary, or on the heap.
    pub const TRUNK_BYTES: usize = N::STEP.trunk * size_of::<f32>();
    /// Images of a minibatch.
    pub const BATCH: usize = N::STEP.images;

    /// In memory with zeros as what the optimiser remembers.
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

    /// With new numbers in the layers that are trained, which follow from the seed alone: to train the last layers for other classes.
    /// Frozen layers stay as they are.
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

    /// One step: the loss of a minibatch, all gradients, new running statistics, and an update of every tensor that is trained.
    ///
    /// # Panics
    ///
    /// If a target is a class that the net doesn't have.
    pub fn step(&mut self, images: &N::Images, targets: &N::Targets, rate: f64) -> Score {
        let score = self.gradients(images, targets);
        self.update(rate);
        score
    }

    /// The loss of a minibatch as in training, and all gradients, which [`grad`](Self::grad) returns. Running statistics change, but no
    /// parameter does.
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

    /// Changes every tensor by the gradients that are there.
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

    /// What the net makes of any number of images, as it would at inference: by running statistics, and without dropout. Auxiliary
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

    /// Keeps the scores of the outputs and of auxiliary classifiers, and adds them up.
    fn scored(&mut self, scores: N::Scores) -> Score {
        self.scores = scores;
        let scores = self.scores.as_ref();
        let loss = scores.iter().map(|score| score.loss).sum();
        let hits = scores[..N::GRAPH.outputs.len()].iter().map(|score| score.hits).sum();
        Score { loss, hits }
    }

    /// What made up the last score, of a step or of an evaluation: the scores of the outputs, and, of a step, those of auxiliary
    /// classifiers after them. Losses are times their weights.
    pub fn scores(&self) -> &[Score] {
        self.scores.as_ref()
    }

    /// The output of the net for an image, of several outputs one after another, with the weights as they are now, as [`evaluate`](Self::evaluate) judges it. It packs no weights for
    /// the net itself, so it is the way to run a net between steps, and where there is no allocator.
    pub fn predict(&mut self, image: &N::Image) -> &N::Output {
        let (pass, trunk, [shared, workspaces]) = self.pass(false);
        N::forward(pass, core::slice::from_ref(image), &[], trunk, shared, workspaces);
        N::output(pass.run, workspaces);
        let output = &workspaces[N::STEP.output..][..N::Output::LEN];
        N::Output::of(output).expect("a slice of this length")
    }

    /// How a pass runs, the packed weights of the trunk, and the memory of a step: what all images share, and the workspaces of these.
    fn pass(&mut self, trains: bool) -> (Pass<'_>, &[f32], [&mut [f32]; 2]) {
        let Self { memory, trunk, pool, seed, steps, .. } = self;
        let [floats, _] = memory.memory_mut().parts();
        let (shared, workspaces) = floats.split_at_mut(N::STEP.shared);
        let mode = Mode { trains, seed: *seed, step: *steps };
        (Pass { run: Run::best().on(pool.threads()), mode }, trunk.packed(), [shared, workspaces])
    }

    /// How many steps there were.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// The numbers of a tensor by its name, `conv1.weight`. Those that stay in the binary ([`embedded_in`](Self::embedded_in)) are there
    /// in packed form alone, so there are none of these.
    pub fn tensor(&self, name: &str) -> Option<&[f32]> {
        self.numbers(place::<N>(name)?)
    }

    /// The numbers of a tensor by its name, to change them; none of the frozen layers before all that are trained, whose weights are
    /// packed once.
    pub fn tensor_mut(&mut self, name: &str) -> Option<&mut [f32]> {
        let TensorPlace { offset, len, .. } = *place::<N>(name)?;
        let [floats, _] = self.memory.memory_mut().parts();
        floats[..N::STEP.tensors_len].get_mut(offset..)?.get_mut(..len)
    }

    /// The names and the numbers of the tensors that [`tensor_mut`](Self::tensor_mut) can change: what has to be kept to set them
    /// again, and for [`resumed_at`](Self::resumed_at).
    pub fn tensors(&self) -> impl Iterator<Item = (&'static str, &[f32])> {
        let own = tensors::<N>().filter(|(place, ..)| place.offset < N::STEP.tensors_len);
        own.filter_map(|(place, _, tensor)| Some((tensor.name, self.numbers(place)?)))
    }

    /// The gradient of a tensor by its name, `conv1.weight`, in the last minibatch; none of those that are not trained. It is in the
    /// order of the tensor.
    pub fn grad(&self, name: &str) -> Option<&[f32]> {
        let place = place::<N>(name)?;
        Some(&self.memory.memory().step()[place.gradient?..][..place.len])
    }

    /// All that the optimiser remembers: zeros before the first step.
    pub fn states(&self) -> &[f32] {
        self.memory.memory().states()
    }

    /// All that the optimiser remembers, to change it.
    pub fn states_mut(&mut self) -> &mut [f32] {
        let [_, states] = self.memory.memory_mut().parts();
        states
    }

    /// After this many steps: with the [`tensors`](Self::tensors) and [`states`](Self::states) of a trainer that has made them, it goes on
    /// with the same bits.
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

/// A tensor that is trained.
pub(super) struct Trained {
    pub(super) place: &'static TensorPlace,
    node: &'static Node<'static>,
    pub(super) tensor: &'static Tensor<'static>,
    /// Its gradients, counted from the first of all gradients.
    gradient: Range<usize>,
    /// What the optimiser remembers of it.
    pub(super) states: Range<usize>,
}

/// All tensors that are trained.
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

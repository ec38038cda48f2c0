//! A net in training behind a single type, whatever the net and the optimiser are.

use cnn_net::graph::Graph;
use cnn_runtime::exec::threads::Pool;
use cnn_runtime::step::{CheckpointError, Params, Score, Train, Trainer};
use cnn_runtime::train::Optimiser;
use std::sync::Arc;

use crate::options::{Choice, Options};

/// Targets of some images, concatenated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Targets<'a> {
    /// A class for each image.
    Classes(&'a [u32]),
    /// As many numbers for each image as the net has outputs.
    Numbers(&'a [f32]),
}

/// The kind of target that a net has for an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// One of this many classes.
    Class(usize),
    /// A class for each of this many pixels.
    Pixels(usize),
    /// This many numbers.
    Numbers(usize),
}

/// A type of targets: a class, `[u32; PIXELS]`, or `[f32; N]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is the target of several outputs, and data sets have one for an image",
    note = "call `step` and `evaluate` of the net's trainer, `NameTrainer`"
)]
pub trait Target: Sized + Sync + 'static {
    /// What it is, for a net with this output.
    fn kind(graph: &Graph<'_>) -> TargetKind;

    /// Targets of some images; `None` if they are of the other kind.
    fn rows<'a>(targets: &Targets<'a>) -> Option<&'a [Self]>;
}

impl Target for u32 {
    fn kind(graph: &Graph<'_>) -> TargetKind {
        TargetKind::Class(graph.output().elements())
    }

    fn rows<'a>(targets: &Targets<'a>) -> Option<&'a [Self]> {
        match targets {
            Targets::Classes(classes) => Some(classes),
            Targets::Numbers(_) => None,
        }
    }
}

impl<const PIXELS: usize> Target for [u32; PIXELS] {
    fn kind(_: &Graph<'_>) -> TargetKind {
        TargetKind::Pixels(PIXELS)
    }

    fn rows<'a>(targets: &Targets<'a>) -> Option<&'a [Self]> {
        match targets {
            Targets::Classes(classes) => Some(classes.as_chunks().0),
            Targets::Numbers(_) => None,
        }
    }
}

impl<const N: usize> Target for [f32; N] {
    fn kind(_: &Graph<'_>) -> TargetKind {
        TargetKind::Numbers(N)
    }

    fn rows<'a>(targets: &Targets<'a>) -> Option<&'a [Self]> {
        match targets {
            Targets::Numbers(numbers) => Some(numbers.as_chunks().0),
            Targets::Classes(_) => None,
        }
    }
}

/// An image of a net: `[f32; N]`.
pub trait Image: Sized + Sync + 'static {
    /// Images, concatenated.
    fn rows(numbers: &[f32]) -> &[Self];
}

impl<const N: usize> Image for [f32; N] {
    fn rows(numbers: &[f32]) -> &[Self] {
        numbers.as_chunks().0
    }
}

/// A net with `#[train(batch = …)]`; all such nets implement this trait.
pub trait Net: Train<Image: Image, Target: Target> + 'static {
    /// A whole minibatch; `None` if there are more or fewer images.
    fn minibatch<'a>(
        images: &'a [Self::Image],
        targets: &'a [Self::Target],
    ) -> Option<(&'a Self::Images, &'a Self::Targets)>;
}

impl<N> Net for N
where
    N: Train<Image: Image, Target: Target> + 'static,
    for<'a> &'a N::Images: TryFrom<&'a [N::Image]>,
    for<'a> &'a N::Targets: TryFrom<&'a [N::Target]>,
{
    fn minibatch<'a>(images: &'a [N::Image], targets: &'a [N::Target]) -> Option<(&'a N::Images, &'a N::Targets)> {
        Some((images.try_into().ok()?, targets.try_into().ok()?))
    }
}

/// A net in training.
pub trait Learner {
    /// The net as declared.
    fn graph(&self) -> &'static Graph<'static>;
    /// Images of a minibatch.
    fn batch(&self) -> usize;
    /// What its targets are.
    fn target(&self) -> TargetKind;
    /// How many steps have been taken.
    fn steps(&self) -> u64;
    /// One step with a whole minibatch.
    ///
    /// # Panics
    ///
    /// If there are more or fewer images, or targets of another kind.
    fn step(&mut self, images: &[f32], targets: &Targets<'_>, rate: f64) -> Score;
    /// Evaluates the net on any number of images, as at inference.
    ///
    /// # Panics
    ///
    /// If there are not as many targets as images, or if they are of another kind.
    fn evaluate(&mut self, images: &[f32], targets: &Targets<'_>) -> Score;
    /// A safetensors file of the weights.
    fn weights(&self) -> Vec<u8>;
    /// A safetensors file of everything that later steps depend on.
    fn checkpoint(&self) -> Vec<u8>;
    /// Resumes from such a file.
    ///
    /// # Errors
    ///
    /// If it is for another net or optimiser.
    fn resume(&mut self, checkpoint: &[u8]) -> Result<(), CheckpointError>;
}

impl<N: Net, O: Optimiser> Learner for Trainer<N, O> {
    fn graph(&self) -> &'static Graph<'static> {
        N::GRAPH
    }

    fn batch(&self) -> usize {
        N::STEP.images
    }

    fn target(&self) -> TargetKind {
        N::Target::kind(N::GRAPH)
    }

    fn steps(&self) -> u64 {
        Self::steps(self)
    }

    fn step(&mut self, images: &[f32], targets: &Targets<'_>, rate: f64) -> Score {
        let targets = N::Target::rows(targets).expect("targets of the net's kind");
        let (images, targets) =
            N::minibatch(N::Image::rows(images), targets).expect("as many images as a minibatch has");
        Self::step(self, images, targets, rate)
    }

    fn evaluate(&mut self, images: &[f32], targets: &Targets<'_>) -> Score {
        Self::evaluate(self, N::Image::rows(images), N::Target::rows(targets).expect("targets of the net's kind"))
    }

    fn weights(&self) -> Vec<u8> {
        self.to_safetensors()
    }

    fn checkpoint(&self) -> Vec<u8> {
        Self::checkpoint(self)
    }

    fn resume(&mut self, checkpoint: &[u8]) -> Result<(), CheckpointError> {
        Self::resume(self, checkpoint)
    }
}

/// A net with these tensors, and the optimiser, the clipping, the seed and the threads of the options.
#[must_use]
pub fn learner<N: Net>(params: Params<N>, options: &Options) -> Box<dyn Learner> {
    match options.choice() {
        Choice::Sgd(sgd) => with(params, sgd, options),
        Choice::Adam(adam) => with(params, adam, options),
        Choice::AdamW(adam) => with(params, adam, options),
    }
}

fn with<N: Net, O: Optimiser + 'static>(params: Params<N>, optimiser: O, options: &Options) -> Box<dyn Learner> {
    let mut trainer = Trainer::new(params, optimiser).seed(options.seed);
    if let Some(norm) = options.clip {
        trainer = trainer.clip(norm);
    }
    if options.threads > 1 {
        trainer = trainer.with_pool(Arc::new(Pool::new(options.threads)));
    }
    Box::new(trainer)
}

//! The loop: steps, epochs, and a checkpoint after any of them.

use cnn_net::text::count;
use cnn_runtime::step::CheckpointError;
use serde::Serialize;

use crate::augment::Change;
use crate::checkpoint::{self, Saved};
use crate::data::{Batch, DataSet};
use crate::error::Error;
use crate::learner::{Learner, TargetKind};
use crate::options::Options;
use crate::random::{Draws, Purpose, order};

/// The loss and the hits of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The mean loss of the minibatch, before the step.
    pub loss: f32,
    /// How many of its images the net got right.
    pub hits: u32,
}

/// How well a net does on all images of a part of the data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// The mean loss.
    pub loss: f32,
    /// The share of images that the net gets right, from 0 to 1; `None` if it has no classes.
    pub accuracy: Option<f32>,
}

/// The results of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Epoch {
    /// Its number, from 1.
    pub epoch: usize,
    /// On the training images, as they were learnt: the mean of all steps.
    pub training: Measured,
    /// On the validation images, after the epoch.
    pub validation: Option<Measured>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// A step.
    Step(Step),
    /// The end of an epoch.
    Epoch(Epoch),
}

/// A training run.
///
/// Each call of [`advance`](Self::advance) is a step or the end of an epoch, so a program can stop after any of them. What happens depends
/// only on the options, the data, the initial weights, and the number of steps so far.
pub struct Run<'a> {
    learner: Box<dyn Learner>,
    options: &'a Options,
    training: &'a DataSet,
    validation: Option<&'a DataSet>,
    steps: Vec<Step>,
    epochs: Vec<Epoch>,
    /// The order of images in this epoch.
    order: Option<(usize, Vec<usize>)>,
    batch: Batch,
}

impl<'a> Run<'a> {
    /// A run before its first step.
    ///
    /// # Errors
    ///
    /// If there are fewer images than in a minibatch, or if grey levels are to change but the images have none.
    pub fn new(
        learner: Box<dyn Learner>,
        options: &'a Options,
        training: &'a DataSet,
        validation: Option<&'a DataSet>,
    ) -> Result<Self, Error> {
        if training.len() < learner.batch() {
            let (images, batch) = (training.len(), learner.batch());
            return Err(Error::Misfit(format!(
                "there {} {} to learn from, but a minibatch has {batch}: give more, or a smaller --batch",
                if images == 1 { "is" } else { "are" },
                count(images as u64, "image")
            )));
        }
        if options.augment.changes_levels() && !training.has_levels() {
            return Err(Error::Misfit(
                "the augmentation changes grey levels, but the data are numbers: leave stroke, blur, gamma, brightness and noise out"
                    .to_owned(),
            ));
        }
        let (steps, epochs) = (Vec::new(), Vec::new());
        Ok(Self { learner, options, training, validation, steps, epochs, order: None, batch: Batch::default() })
    }

    /// The net.
    #[must_use]
    pub fn learner(&self) -> &dyn Learner {
        self.learner.as_ref()
    }

    /// Steps of an epoch: whole minibatches.
    #[must_use]
    pub fn steps_per_epoch(&self) -> usize {
        self.training.len() / self.learner.batch()
    }

    /// All steps so far.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// All epochs so far.
    #[must_use]
    pub fn epochs(&self) -> &[Epoch] {
        &self.epochs
    }

    /// The next step, or the end of an epoch; `None` at the end of training.
    pub fn advance(&mut self) -> Option<Event> {
        let per_epoch = self.steps_per_epoch();
        if self.steps.len() == (self.epochs.len() + 1) * per_epoch {
            let epoch = self.end_of_epoch();
            self.epochs.push(epoch);
            return Some(Event::Epoch(epoch));
        }
        if self.epochs.len() >= self.options.epochs {
            return None;
        }
        let step = self.step(self.steps.len() % per_epoch);
        self.steps.push(step);
        Some(Event::Step(step))
    }

    /// The step at this position in the epoch.
    fn step(&mut self, position: usize) -> Step {
        let epoch = self.epochs.len();
        let batch = self.learner.batch();
        let (seed, count) = (self.options.seed, self.training.len());
        let (_, order) = match self.order.take() {
            Some(order) if order.0 == epoch => self.order.insert(order),
            Some(_) | None => self.order.insert((epoch, order(seed, Purpose::Order, epoch as u32, count))),
        };
        let images = &order[position * batch..][..batch];
        fill(&mut self.batch, self.training, images, |image| {
            let augment = &self.options.augment;
            (!augment.is_none()).then(|| (augment, Draws::new(seed, epoch as u32, image as u32)))
        });
        let rate = self.options.rate_at(self.steps.len() as u64, self.steps_per_epoch() as u64);
        let score = self.learner.step(&self.batch.images, &self.batch.targets(), rate);
        Step { loss: score.loss as f32, hits: score.hits as u32 }
    }

    fn end_of_epoch(&mut self) -> Epoch {
        let per_epoch = self.steps_per_epoch();
        let steps = &self.steps[self.epochs.len() * per_epoch..];
        let loss = steps.iter().map(|step| f64::from(step.loss)).sum::<f64>() / steps.len() as f64;
        let hits: u64 = steps.iter().map(|step| u64::from(step.hits)).sum();
        let training = self.result(loss, hits, steps.len() * self.learner.batch());
        let validation = self.validation.filter(|set| !set.is_empty()).map(|set| self.evaluate(set));
        Epoch { epoch: self.epochs.len() + 1, training, validation }
    }

    fn result(&self, loss: f64, hits: u64, images: usize) -> Measured {
        let accuracy = match self.learner.target() {
            TargetKind::Class(_) => Some(hits as f32 / images.max(1) as f32),
            TargetKind::Pixels(pixels) => Some(hits as f32 / (images * pixels).max(1) as f32),
            TargetKind::Numbers(_) => None,
        };
        Measured { loss: loss as f32, accuracy }
    }

    /// Evaluates the net on a set, as at inference.
    pub fn evaluate(&mut self, set: &DataSet) -> Measured {
        let all: Vec<usize> = (0..set.len()).collect();
        let (mut loss, mut hits) = (0.0, 0);
        for images in all.chunks(self.learner.batch()) {
            fill(&mut self.batch, set, images, |_| None);
            let score = self.learner.evaluate(&self.batch.images, &self.batch.targets());
            loss += score.loss * images.len() as f64;
            hits += score.hits as u64;
        }
        self.result(loss / set.len().max(1) as f64, hits, set.len())
    }

    /// What must be the same for training to resume.
    fn settings(&self) -> String {
        let Options { seed, resize, augment, .. } = self.options;
        let resize = resize.map_or("by size".to_owned(), |resizing| resizing.to_string());
        let optimiser = self.options.optimiser_in_words();
        let (net, batch) = (self.learner.graph().name, self.learner.batch());
        let (images, sum) = (self.training.len(), self.training.checksum());
        format!(
            "net {net}; batch {batch}; {optimiser}; seed {seed}; resize {resize}; augment {augment}; {images} images with the checksum \
             {sum:08x}"
        )
    }

    /// A safetensors file from which training resumes as if it had not stopped.
    #[must_use]
    pub fn checkpoint(&self) -> Vec<u8> {
        let settings = format!("{}\n{}", self.settings(), self.options.rate_in_words());
        checkpoint::write(&self.learner.checkpoint(), &self.steps, &self.epochs, &settings)
    }

    /// Resumes from a checkpoint. Gives what it and this run say about what may differ: the learning rate, its schedule and the number
    /// of epochs.
    ///
    /// # Errors
    ///
    /// If it is for another net, optimiser, seed, way to resize, augmentation or data set.
    pub fn resume(&mut self, file: &[u8]) -> Result<[String; 2], ResumeError> {
        let Saved { steps, epochs, settings } = checkpoint::read(file)?;
        let ours = self.settings();
        let (theirs, rate) = settings.split_once('\n').ok_or(ResumeError::Damaged)?;
        if theirs != ours {
            return Err(ResumeError::Settings { theirs: theirs.to_owned(), ours });
        }
        self.learner.resume(file).map_err(ResumeError::Learner)?;
        if self.learner.steps() != steps.len() as u64 {
            return Err(ResumeError::Damaged);
        }
        (self.steps, self.epochs) = (steps, epochs);
        Ok([rate.to_owned(), self.options.rate_in_words()])
    }
}

/// Why training can't resume from a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum ResumeError {
    /// It is not a checkpoint written by [`Run::checkpoint`].
    Damaged,
    /// It is from a run with other settings.
    Settings {
        /// The settings of the checkpoint that differ.
        theirs: String,
        /// The same settings of this run.
        ours: String,
    },
    /// It lacks tensors.
    Learner(CheckpointError),
}

/// Puts images and their targets side by side.
fn fill<'a>(batch: &mut Batch, set: &DataSet, images: &[usize], change: impl Fn(usize) -> Option<Change<'a>>) {
    let each = set.each();
    batch.images.resize(images.len() * each, 0.0);
    batch.clear_targets();
    let mut inputs = std::mem::take(&mut batch.images);
    for (input, image) in inputs.chunks_exact_mut(each).zip(images) {
        set.input(*image, change(*image), input);
        set.target(*image, batch);
    }
    batch.images = inputs;
}

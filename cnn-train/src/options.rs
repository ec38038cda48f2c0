//! How a net is trained.

use std::fmt;
use std::str::FromStr;

use cnn_runtime::train::{Adam, AdamW, Decay, Init, Sgd, schedule};
use serde::{Deserialize, Serialize};

use crate::augment::Augment;
use crate::resizing::Resizing;

/// How a net is trained. The same options, data and initial weights give the same bits, on any number of threads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// How many times each image is seen.
    pub epochs: usize,
    /// The learning rate.
    pub rate: f64,
    /// How the rate changes over time.
    pub schedule: Schedule,
    /// Warm-up: over this many steps, the rate grows to the schedule's.
    pub warmup: u64,
    /// The optimiser.
    pub optimiser: Kind,
    /// The momentum of SGD.
    pub momentum: f64,
    /// Whether the momentum is Nesterov's.
    pub nesterov: bool,
    /// The weight decay.
    pub weight_decay: f64,
    /// Whether weight decay applies to all parameters, not just to the weights of convolutions and fully connected
    /// layers.
    pub decay_all: bool,
    /// The limit to which the global norm of gradients is clipped.
    pub clip: Option<f64>,
    /// The seed of initial weights, the order of images, augmentation and dropout.
    pub seed: u64,
    /// How pictures get the size of the net's input; without it, as [`preprocess`](crate::preprocess) chooses by their size.
    pub resize: Option<Resizing>,
    /// How images are changed each time they are seen.
    pub augment: Augment,
    /// The number of threads.
    pub threads: usize,
}

impl Default for Options {
    /// Ten epochs of SGD with a rate of 0.01 and a momentum of 0.9.
    fn default() -> Self {
        Self {
            epochs: 10,
            rate: 0.01,
            schedule: Schedule::Constant,
            warmup: 0,
            optimiser: Kind::Sgd,
            momentum: 0.9,
            nesterov: false,
            weight_decay: 0.0,
            decay_all: true,
            clip: None,
            seed: 0,
            resize: None,
            augment: Augment::default(),
            threads: 1,
        }
    }
}

/// An optimiser with its hyperparameters.
pub(crate) enum Choice {
    Sgd(Sgd),
    Adam(Adam),
    AdamW(AdamW),
}

impl Options {
    pub(crate) fn choice(&self) -> Choice {
        let decay = if self.decay_all { Decay::All } else { Decay::Weights };
        let adam = Adam::DEFAULT.weight_decay(self.weight_decay).decaying(decay);
        match self.optimiser {
            Kind::Sgd => Choice::Sgd(
                Sgd { nesterov: self.nesterov, ..Sgd::new(self.momentum) }
                    .weight_decay(self.weight_decay)
                    .decaying(decay),
            ),
            Kind::Adam => Choice::Adam(adam),
            Kind::AdamW => Choice::AdamW(AdamW(adam)),
        }
    }

    /// The optimiser, with everything that must be the same for training to resume.
    pub(crate) fn optimiser_in_words(&self) -> String {
        let Self { optimiser, momentum, nesterov, weight_decay, decay_all, clip, .. } = self;
        let momentum = match optimiser {
            Kind::Sgd => format!(", momentum {momentum}{}", if *nesterov { " by Nesterov" } else { "" }),
            Kind::Adam | Kind::AdamW => String::new(),
        };
        let of = if *decay_all { "all parameters" } else { "weights" };
        let clip = clip.map_or("none".to_owned(), |norm| norm.to_string());
        format!("optimiser {optimiser}{momentum}; weight decay {weight_decay} of {of}; clip {clip}")
    }

    /// What may be another one when training resumes.
    pub(crate) fn rate_in_words(&self) -> String {
        let Self { epochs, rate, schedule, warmup, .. } = self;
        format!("epochs {epochs}; lr {rate}; schedule {schedule}; warmup {warmup}")
    }

    /// The learning rate of a step, counted from 0, where an epoch has `steps` of them.
    #[must_use]
    pub fn rate_at(&self, step: u64, steps: u64) -> f64 {
        let (epochs, epoch) = (self.epochs as u64, step / steps.max(1));
        let rate = match self.schedule {
            Schedule::Constant => self.rate,
            Schedule::Step { every: Some(every), factor } => schedule::step(self.rate, every, factor, epoch),
            Schedule::Step { every: None, factor } => schedule::step(self.rate, epochs.div_ceil(3), factor, epoch),
            Schedule::Cosine => schedule::cosine(self.rate, 0.0, epochs * steps, step),
        };
        rate * schedule::warm_up(self.warmup, step)
    }
}

/// The kind of optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Stochastic gradient descent with momentum.
    Sgd,
    /// Adam (Kingma & Ba 2015), with weight decay as a part of the gradient.
    Adam,
    /// Adam with decoupled weight decay (Loshchilov & Hutter 2019).
    AdamW,
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "sgd" => Ok(Self::Sgd),
            "adam" => Ok(Self::Adam),
            "adamw" => Ok(Self::AdamW),
            _ => Err("expected `sgd`, `adam` or `adamw`".to_owned()),
        }
    }
}

/// How the learning rate changes over time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Schedule {
    /// It stays the same.
    Constant,
    /// It is multiplied by a factor at regular intervals.
    Step {
        /// The interval in epochs; a third of all epochs by default.
        every: Option<u64>,
        /// The factor.
        factor: f64,
    },
    /// Half a cosine down to 0, over all steps (Loshchilov & Hutter 2017).
    Cosine,
}

/// `constant`, `cosine`, `step`, `step=30`, `step=30,0.1`
impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || "expected `constant`, `cosine`, `step`, `step=30` or `step=30,0.1` (epochs, and a factor)".to_owned();
        let (name, numbers) = text.split_once('=').map_or((text, None), |(name, numbers)| (name, Some(numbers)));
        match (name, numbers) {
            ("constant", None) => Ok(Self::Constant),
            ("cosine", None) => Ok(Self::Cosine),
            ("step", None) => Ok(Self::Step { every: None, factor: 0.1 }),
            ("step", Some(numbers)) => {
                let (every, factor) = numbers.split_once(',').unwrap_or((numbers, "0.1"));
                let every = every.parse().ok().filter(|every| *every > 0).ok_or_else(wrong)?;
                let factor = factor.parse().ok().filter(|factor: &f64| factor.is_finite() && *factor > 0.0);
                Ok(Self::Step { every: Some(every), factor: factor.ok_or_else(wrong)? })
            }
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant => f.write_str("constant"),
            Self::Step { every: None, factor } => write!(f, "step by {factor}"),
            Self::Step { every: Some(every), factor } => write!(f, "step={every},{factor}"),
            Self::Cosine => f.write_str("cosine"),
        }
    }
}

/// How weights are drawn before training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Initial {
    /// PyTorch's default.
    #[default]
    Torch,
    /// Normal, for nets with ReLU (He et al. 2015).
    He,
    /// Uniform, for nets with `tanh` (Glorot & Bengio 2010).
    Xavier,
}

impl Initial {
    pub(crate) const fn init(self) -> Init {
        match self {
            Self::Torch => Init::Torch,
            Self::He => Init::HeNormal,
            Self::Xavier => Init::XavierUniform,
        }
    }
}

impl FromStr for Initial {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "torch" => Ok(Self::Torch),
            "he" => Ok(Self::He),
            "xavier" => Ok(Self::Xavier),
            _ => Err("expected `torch`, `he` or `xavier`".to_owned()),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sgd => "sgd",
            Self::Adam => "adam",
            Self::AdamW => "adamw",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_read() {
        let read = |text: &str| text.parse::<Schedule>().ok();
        assert_eq!(read("constant"), Some(Schedule::Constant));
        assert_eq!(read("step"), Some(Schedule::Step { every: None, factor: 0.1 }));
        assert_eq!(read("step=4,0.5"), Some(Schedule::Step { every: Some(4), factor: 0.5 }));
        for wrong in ["", "step=", "step=0", "step=2,0", "step=2,nan", "cosine=3", "linear"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn rates_follow_the_schedule() {
        let rate = |schedule: &str, warmup, step| {
            let options = Options {
                epochs: 6,
                rate: 1.0,
                schedule: schedule.parse().unwrap_or(Schedule::Constant),
                warmup,
                ..Options::default()
            };
            (options.rate_at(step, 10) * 1e6).round() / 1e6
        };
        assert_eq!([rate("constant", 0, 59), rate("constant", 4, 0), rate("constant", 4, 9)], [1.0, 0.25, 1.0]);
        // A third of six epochs of ten steps.
        assert_eq!([rate("step", 0, 19), rate("step", 0, 20), rate("step", 0, 40)], [1.0, 0.1, 0.01]);
        assert_eq!([rate("step=3,0.5", 0, 29), rate("step=3,0.5", 0, 30)], [1.0, 0.5]);
        assert_eq!([rate("cosine", 0, 0), rate("cosine", 0, 30), rate("cosine", 0, 60)], [1.0, 0.5, 0.0]);
    }
}

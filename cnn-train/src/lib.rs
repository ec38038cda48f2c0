//! Trains nets that `network!` compiled with `#[train(batch = …)]`, and the feature `train` of `cnn`: data sets, augmentation, the epoch loop, checkpoints,
//! curves.
//!
//! The command `cnn train` is [`train`]; programs can use its parts. A [`Run`] takes a step, or ends an epoch, on each call:
//!
//! ```
//! use cnn_train::{DataSet, Event, Options, Run, Wanted, learner, TargetKind};
//!
//! cnn::network! {
//!     /// Tells whether there is more light on the left or on the right.
//!     #[train(batch = 8)]
//!     Side: 1x2x4 -> 2 {
//!         flatten -> fc: linear(2);
//!     }
//! }
//!
//! // 64 pictures of 4x2 pixels.
//! let levels = |image: usize| (0..8).map(move |at| if (at % 4 < 2) == (image % 2 == 0) { 200 } else { (image * at) as u8 % 50 });
//! let bytes = (0..64).flat_map(levels).collect();
//! let classes: Vec<u32> = (0..64).map(|image| image % 2).collect();
//! let wanted = Wanted::new(Side::GRAPH.input(), TargetKind::Class(2));
//! let (training, validation) = DataSet::of_bytes(&wanted, bytes, &classes)?.split(0.25, 1);
//!
//! let options = Options { epochs: 20, rate: 0.1, ..Options::default() };
//! let learner = learner::<Side>(SideParams::init(1), &options);
//! let mut run = Run::new(learner, &options, &training, validation.as_ref())?;
//! while let Some(event) = run.advance() {
//!     if let Event::Epoch(epoch) = event {
//!         println!("{}: {}", epoch.epoch, epoch.training.loss);
//!     }
//! }
//! let validation = run.epochs().last().and_then(|epoch| epoch.validation).ok_or("it was split off")?;
//! assert_eq!(validation.accuracy, Some(1.0));
//! let weights = run.learner().weights(); // for `SideWeights::from_safetensors`
//! # assert!(SideWeights::from_safetensors(&weights).is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The same options, data and initial weights give the same bits, on any number of threads, and whether or not training was stopped and
//! resumed from a [checkpoint](Run::checkpoint).
//!
//! ```text
//! picture, data   files as images, in memory
//! augment         images that change each time
//! resizing        how pictures get the size of an input
//! options         how a net is trained
//! learner         any net and optimiser behind one type
//! run             steps and epochs; checkpoint: what a run resumes from
//! curve           what happened, as a drawing and as numbers
//! command         all of it, with a bar, files and Ctrl-C
//! ```

#![forbid(unsafe_code)]

mod augment;
mod checkpoint;
mod command;
pub mod curve;
mod data;
mod error;
mod file;
mod interrupt;
mod learner;
mod options;
#[doc(hidden)]
pub mod picture;
mod progress;
mod random;
mod resizing;
mod run;

pub use augment::Augment;
pub use command::{Ended, Failed, Job, STOPPED, main, train};
pub use data::{DIGITS, DataSet, Parts, Wanted, open, preprocess};
pub use error::Error;
pub use learner::{Image, Learner, Net, Target, TargetKind, Targets, learner};
pub use options::{Initial, Kind, Options, Schedule};
pub use resizing::Resizing;
pub use run::{Epoch, Event, Measured, ResumeError, Run, Step};

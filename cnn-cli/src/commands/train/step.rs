//! The plan of a net's training step, which is not built.

use std::path::{Path, PathBuf};

use cnn_compiler::file::{File, Found};
use cnn_compiler::train::StepPlan;
use cnn_net::graph::Graph;
use cnn_net::text::count;

use super::source::Source;
use super::{of_model, ready};
use crate::failure::Failure;
use crate::registry::Model;

const FLOAT: usize = size_of::<f32>();

/// A net, and the plan of its step.
pub(in crate::commands) struct Stepped {
    found: Found,
    pub(in crate::commands) plan: StepPlan,
}

impl Stepped {
    /// The net as `cnn train` would build it: with its own `#[train]`, or with one for 64 images.
    pub(in crate::commands) fn of(model: &Model, batch: Option<usize>) -> Result<Self, Failure> {
        let (path, source) = match &model.declared {
            Some(declared) => {
                let source = Source::of_file(&declared.file, declared.text, Some(model.graph.name), batch)?;
                (declared.file.clone(), source)
            }
            None => {
                let batch = batch.or_else(|| ready(model).map(|trained| trained.batch));
                (PathBuf::from("net.rs"), of_model(model, batch)?)
            }
        };
        Self::of_source(&source, &path)
    }

    /// The net of a source; mistakes are shown as those of this file.
    pub(super) fn of_source(source: &Source, path: &Path) -> Result<Self, Failure> {
        let found = compiled(path, &source.text, &source.net)?;
        let Found { step, .. } = found;
        let plan = step.ok_or_else(|| Failure::Message(format!("{} has no training step", source.net)))?;
        Ok(Self { found: Found { step: None, ..found }, plan })
    }

    /// Refuses a net that no data set is made for.
    pub(super) fn check_outputs(&self) -> Result<(), Failure> {
        let name = &self.found.name;
        match self.graph(|graph| graph.outputs.len()) {
            1 => Ok(()),
            count => Err(Failure::Message(format!(
                "{name} has {count} outputs, and data sets have one target for an image: train it in a program of yours, with \
                 {name}Trainer"
            ))),
        }
    }

    /// Hands out the net.
    pub(in crate::commands) fn graph<R>(&self, read: impl FnOnce(&Graph<'_>) -> R) -> R {
        self.found.plan.describe(&self.found.name, &self.found.doc, read)
    }

    /// The bytes of a step.
    pub(in crate::commands) fn bytes(&self) -> Bytes {
        let layout = self.plan.layout();
        let trained = layout.tensors.iter().filter(|tensor| tensor.gradient.is_some());
        let of_step = layout.tensors.iter().filter(|tensor| tensor.offset < layout.tensors_len);
        let tensors: usize = of_step.map(|tensor| tensor.len).sum();
        let gradients: usize = trained.map(|tensor| tensor.len).sum();
        Bytes {
            all: FLOAT * layout.floats(),
            image: FLOAT * layout.workspace,
            lower_bound: FLOAT * layout.lower_bound,
            tensors: FLOAT * tensors,
            gradients: FLOAT * gradients,
            once: FLOAT * (layout.shared - tensors - gradients),
            trunk: FLOAT * layout.trunk,
        }
    }

    /// What people should know about a step: a name and a text each.
    pub(in crate::commands) fn notes(&self) -> Vec<[String; 2]> {
        let images = self.plan.layout().images;
        let text = |bytes: usize| count(bytes as u64, "byte");
        let Bytes { all, image, lower_bound, tensors, gradients, once, trunk } = self.bytes();
        let times = count(images as u64, "image");
        let mut notes = vec![
            ["memory".to_owned(), format!("{}, TRAIN_BYTES, for a step of {times}", text(all))],
            ["each image".to_owned(), format!("{}: activations and their gradients", text(image))],
            ["lower bound".to_owned(), format!("{} for an image, in use at once", text(lower_bound))],
            ["all images".to_owned(), format!("tensors {}, their gradients {}", text(tensors), text(gradients))],
            ["".to_owned(), format!("packed weights, statistics and sums {}", text(once))],
        ];
        if trunk > 0 {
            let frozen = format!("{}, TRUNK_BYTES, that never change: in the binary, or on the heap", text(trunk));
            notes.push(["frozen".to_owned(), frozen]);
        }
        if !self.plan.recomputed.is_empty() {
            notes.push(["recomputed".to_owned(), self.plan.recomputed.join(", ")]);
        }
        notes.push(["updates".to_owned(), "in place, once all gradients are there".to_owned()]);
        notes
    }
}

/// Compiles a net of a file.
pub(super) fn compiled(path: &Path, text: &str, net: &str) -> Result<Found, Failure> {
    let text: &'static str = text.to_owned().leak();
    let failure = |mistakes| Failure::Mistakes { path: path.to_path_buf(), text, mistakes };
    let file = File::parse(text).map_err(|wrong| failure(vec![wrong]))?;
    file.compile(net).unwrap_or_else(|| Err(file.mistakes())).map_err(failure)
}

/// The bytes of a step's memory.
pub(in crate::commands) struct Bytes {
    /// All of it, without the optimiser's state.
    pub(in crate::commands) all: usize,
    /// The workspace of an image.
    pub(in crate::commands) image: usize,
    /// The most of that which is in use at once.
    pub(in crate::commands) lower_bound: usize,
    /// Tensors, and gradients of those that are trained.
    pub(in crate::commands) tensors: usize,
    pub(in crate::commands) gradients: usize,
    /// What is computed once for all images, and space between tensors.
    pub(in crate::commands) once: usize,
    /// The packed weights of the frozen layers before all that are trained.
    pub(in crate::commands) trunk: usize,
}

//! The nets that the commands know: those of `models`.
//!
//! Each net is a separate type, so code that takes a net by name needs a common interface: [`Model`] holds the description of
//! the type and functions made for it. Which nets exist depends on features, and `models` decides that. Nets of files become
//! `Model`s, too, in `net`.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use cnn::Step;
use cnn::graph::Graph;
use cnn::memory::Memory;
use cnn::weights::{Source, WeightsError};
use cnn::{DynNetwork, Network, Pool};
use models::{About, Classifier, Detector, LENET5_WEIGHTS, LeNet5, Preprocess, Visitor};

use crate::failure::Failure;

/// All nets, in the order of `cnn list`.
pub(crate) static MODELS: LazyLock<Vec<Model>> = LazyLock::new(|| {
    let mut models = Models(Vec::new());
    models::each(&mut models);
    models.0
});

/// The nets that were visited.
struct Models(Vec<Model>);

impl Models {
    fn named(&mut self, name: &str) -> impl Iterator<Item = &mut Model> {
        self.0.iter_mut().filter(move |model| model.name == name)
    }
}

impl Visitor for Models {
    fn net<N: Network + About + 'static>(&mut self, name: &'static str) {
        self.0.push(Model::of::<N>(name));
    }

    fn classifier<N: Network + About + Classifier + 'static>(&mut self, name: &'static str) {
        self.0.push(Model::classifier::<N>(name));
        // The only one whose weights are in this program.
        if N::GRAPH == LeNet5::GRAPH {
            self.named(name).for_each(|model| {
                model.embedded = Some(|| Box::new(LeNet5::embedded()));
                model.own = Some(OwnWeights::Here(LENET5_WEIGHTS.into()));
            });
        }
    }

    fn detector<N: Network + About + Detector + 'static>(&mut self, name: &'static str) {
        self.0.push(Model { preprocess: Some(N::PREPROCESS), ..Model::of::<N>(name) });
    }

    fn batch<N: Network + About + 'static>(&mut self, name: &'static str) {
        self.named(name).for_each(|model| model.batched.push(Model::of::<N>(name)));
    }
}

/// A net, by name.
pub(crate) struct Model {
    /// Its name for users.
    pub(crate) name: &'static str,
    /// The declared net.
    pub(crate) graph: &'static Graph<'static>,
    /// Bytes of its workspace.
    pub(crate) workspace_bytes: usize,
    /// The kernels of a pass, in order.
    pub(crate) steps: &'static [Step<'static>],
    /// Images per pass.
    pub(crate) batch: usize,
    /// The same net, compiled for several images in a pass.
    pub(crate) batched: Vec<Model>,
    /// What lies where in its workspace, and when.
    pub(crate) memory: &'static Memory<'static>,
    /// The year of its paper.
    pub(crate) year: u16,
    /// What was new in the paper.
    pub(crate) new: &'static str,
    /// Makes the net with weights from files.
    pub(crate) load: &'static Load,
    /// Makes the net with weights in this program, if there are any.
    pub(crate) embedded: Option<fn() -> Box<dyn DynNetwork>>,
    /// How pictures become its input, if that is declared.
    pub(crate) preprocess: Option<Preprocess>,
    /// The names of its classes; empty if they are not declared.
    pub(crate) labels: &'static [&'static str],
    /// The tensors of the weights that come with it, if there are any.
    pub(crate) own: Option<OwnWeights>,
    /// Where it is declared, if not in this program.
    pub(crate) declared: Option<Declared>,
}

/// A declaration that this program has read.
pub(crate) struct Declared {
    /// What the user called the file, for messages.
    pub(crate) file: PathBuf,
    /// A Rust file with the net.
    pub(crate) text: &'static str,
}

/// Weights that come with a net.
pub(crate) enum OwnWeights {
    /// `#[weights("…")]`: a file, and rules that rename its tensors.
    File { path: PathBuf, rename: Vec<(String, String)> },
    /// A safetensors file in memory: those in this program, or in an ONNX file.
    Here(Cow<'static, [u8]>),
}

/// Makes a net.
pub(crate) type Load = dyn Fn(&Source<'_>, Option<Pool>) -> Loaded + Send + Sync;

/// A net with the weights of a file, if they fit.
pub(crate) type Loaded = Result<Box<dyn DynNetwork>, WeightsError>;

impl Model {
    const fn of<N: Network + About + 'static>(name: &'static str) -> Self {
        Self {
            name,
            graph: N::GRAPH,
            workspace_bytes: N::WORKSPACE_BYTES,
            steps: N::STEPS,
            batch: N::BATCH,
            batched: Vec::new(),
            memory: N::MEMORY,
            year: N::YEAR,
            new: N::NEW,
            load: &load::<N>,
            embedded: None,
            preprocess: None,
            labels: &[],
            own: None,
            declared: None,
        }
    }

    /// A net that classifies pictures.
    fn classifier<N: Network + About + Classifier + 'static>(name: &'static str) -> Self {
        Self { preprocess: Some(N::PREPROCESS), labels: N::LABELS, ..Self::of::<N>(name) }
    }

    /// This net, compiled for this many images per pass.
    pub(crate) fn for_batch(&'static self, images: usize) -> Result<&'static Self, Failure> {
        let mut compiled = [self].into_iter().chain(&self.batched);
        compiled.find(|model| model.batch == images).ok_or_else(|| Failure::Message(self.no_batch(images)))
    }

    fn no_batch(&self, images: usize) -> String {
        let known: Vec<String> = [self].into_iter().chain(&self.batched).map(|model| model.batch.to_string()).collect();
        let of = if known.len() == 1 { "a batch of" } else { "batches of" };
        let (name, net, known) = (self.name, self.graph.name, known.join(" and "));
        let advice = format!("`#[batch({images})] pub {net}Batch{images} = {net};` in `network!` compiles another");
        format!("{name} is compiled for {of} {known} here, not of {images}; {advice}")
    }
}

fn load<N: Network + 'static>(source: &Source<'_>, pool: Option<Pool>) -> Loaded {
    let net = N::new(Arc::new(N::load(source)?));
    Ok(Box::new(match pool {
        Some(pool) => net.with_pool(Arc::new(pool)),
        None => net,
    }))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    cnn::network! {
        /// Has what LeNet-5 lacks: branches and an auxiliary classifier; and has no weights in this program.
        Branched: 2x4x4 -> 3 {
            add {
                same: conv(2, 3x3, pad = 1);
                skip;
            } -> relu;
            tap sum;
            aux head(weight = 0.3) {
                global_avg_pool -> fc: linear(3);
            };
            global_avg_pool -> fc: linear(3);
        }
    }

    impl About for Branched<'_> {
        const YEAR: u16 = 2000;
        const NEW: &'static str = "nothing";
    }

    pub(crate) static BRANCHED: Model = Model::of::<Branched>("branched");

    #[test]
    fn names_are_lowercase_and_each_is_there_once() {
        for (i, model) in MODELS.iter().enumerate() {
            assert_eq!(model.name, model.name.to_lowercase());
            assert!(MODELS[i + 1..].iter().all(|other| other.name != model.name), "{} is listed twice", model.name);
        }
    }

    #[test]
    fn nets_for_several_images_are_the_same_nets() {
        for model in MODELS.iter() {
            assert_eq!(model.batch, 1, "{}", model.name);
            for batched in &model.batched {
                assert!(batched.batch > 1 && batched.name == model.name);
                assert_eq!(batched.graph.nodes, model.graph.nodes, "{}", model.name);
            }
        }
    }

    #[test]
    fn an_unavailable_batch_is_reported_with_the_available_ones() {
        let lenet5 = Model::named("lenet5").unwrap_or_else(|why| panic!("{why:?}"));
        for images in [1, 8] {
            assert_eq!(lenet5.for_batch(images).map(|model| model.batch).ok(), Some(images));
        }
        assert_eq!(
            lenet5.no_batch(4),
            "lenet5 is compiled for batches of 1 and 8 here, not of 4; \
             `#[batch(4)] pub LeNet5Batch4 = LeNet5;` in `network!` compiles another"
        );
        assert!(BRANCHED.no_batch(2).starts_with("branched is compiled for a batch of 1 here, not of 2; "));
    }

    #[test]
    fn no_tap_takes_the_name_of_the_output() {
        assert!(MODELS.iter().flat_map(|model| model.graph.taps).all(|tap| tap.name != "output"));
    }

    #[test]
    fn pictures_become_what_a_classifier_reads_and_each_of_its_classes_has_a_name() {
        for model in MODELS.iter() {
            if let Some(preprocess) = model.preprocess {
                assert_eq!(preprocess.shape(), model.graph.input(), "{}", model.name);
            }
            if !model.labels.is_empty() {
                assert_eq!(model.labels.len(), model.graph.output().elements(), "{}", model.name);
            }
        }
    }
}

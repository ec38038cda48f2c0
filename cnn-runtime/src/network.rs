//! What all nets have in common, for code that is generic over nets.
//!
//! - [`Network`] is for code that knows a net as a type: it loads weights, builds nets, and reads arrays of known length.
//! - [`DynNetwork`] is for code that knows it only as a value: `Box<dyn DynNetwork>` holds any net, and runs it on slices.

mod numbers;
pub mod steps;

#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::fmt;

#[doc(hidden)]
pub use cnn_net::graph::Graph;
#[doc(hidden)]
pub use cnn_net::memory::Memory;
#[doc(hidden)]
pub use cnn_net::op::Shape;

pub use self::numbers::{Numbers, Side, WrongLength, at_most, each_image, images, part};
use self::steps::{Progress, Step};
#[cfg(feature = "alloc")]
use crate::exec::shared::Shared;
#[cfg(feature = "alloc")]
use crate::weights::{Source, WeightsError};

/// What is known about a net before it runs.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Description {
    /// The net as declared: layers, shapes, tensors.
    pub graph: &'static Graph<'static>,
    /// The kernels of a pass, in order.
    pub steps: &'static [Step<'static>],
    /// What an image's workspace holds, where and when.
    pub memory: &'static Memory<'static>,
    /// Images per pass, at most.
    pub batch: usize,
    /// Size of the workspace in bytes.
    pub workspace_bytes: usize,
}

impl Description {
    /// The description of a net that runs one image per pass.
    #[must_use]
    pub const fn new(
        graph: &'static Graph<'static>,
        steps: &'static [Step<'static>],
        memory: &'static Memory<'static>,
        workspace_bytes: usize,
    ) -> Self {
        Self { graph, steps, memory, batch: 1, workspace_bytes }
    }

    /// The same for up to this many images per pass.
    #[must_use]
    pub const fn batch(self, batch: usize) -> Self {
        Self { batch, ..self }
    }
}

/// A net behind a trait object, whatever its shapes are: a `Vec<Box<dyn DynNetwork + Send>>` can hold different nets.
pub trait DynNetwork: fmt::Debug {
    /// What is known of the net before it runs.
    fn description(&self) -> &'static Description;

    /// Runs the net, and calls `watch` at the end of each kernel call.
    #[doc(hidden)]
    fn watched(&mut self, watch: Option<&dyn Fn()>, images: &[f32]) -> Result<&[f32], WrongLength>;

    /// The value of a tap after the last pass, in the order channels, rows, columns, image after image. For images that were
    /// not in the last pass, it is the value from an earlier one.
    fn tap(&self, name: &str) -> Option<&[f32]> {
        let _ = name;
        None
    }

    /// The net as declared: layers, shapes, tensors.
    fn graph(&self) -> &'static Graph<'static> {
        self.description().graph
    }

    /// Images per pass, at most.
    fn batch(&self) -> usize {
        self.description().batch
    }

    /// The numbers of an image that the net reads.
    fn input_len(&self) -> usize {
        self.graph().input().elements()
    }

    /// The numbers that the net writes for an image.
    fn output_len(&self) -> usize {
        self.graph().output().elements()
    }

    /// Runs the net on an image, or on up to [`batch`](Self::batch) images one after another, and returns as many outputs.
    /// Allocates nothing.
    ///
    /// # Errors
    ///
    /// If `images` has another length.
    fn run(&mut self, images: &[f32]) -> Result<&[f32], WrongLength> {
        self.watched(None, images)
    }

    /// Runs the net like [`run`](Self::run), and copies the outputs into `output`.
    ///
    /// # Errors
    ///
    /// If `images` has another length, or `output` does not have the length of these images' outputs. `output` is then
    /// unchanged.
    fn run_into(&mut self, images: &[f32], output: &mut [f32]) -> Result<(), WrongLength> {
        let len = self.output_len();
        let outputs = self.run(images)?;
        if output.len() != outputs.len() {
            return Err(WrongLength::output(len, outputs.len() / len, output.len()));
        }
        output.copy_from_slice(outputs);
        Ok(())
    }

    /// Runs the net like [`run`](Self::run), and calls `watch` at the end of each kernel with its index in
    /// [`steps`](Description::steps). In a pass over several images, kernels that run image by image are reported once
    /// per image.
    ///
    /// # Errors
    ///
    /// If `images` has another length.
    fn profile(&mut self, images: &[f32], watch: &mut dyn FnMut(usize)) -> Result<&[f32], WrongLength> {
        let count = images.len() / self.input_len().max(1);
        let progress = Progress::new(self.description().steps, count, watch);
        self.watched(Some(&|| progress.advance()), images)
    }
}

/// A net that `network!` compiled, as a type.
///
/// ```
/// use std::error::Error;
/// use std::sync::Arc;
///
/// # use cnn_runtime::network::{DynNetwork, Network};
/// /// The classes of some images, by whichever net.
/// fn classes<N: Network>(file: &[u8], images: &[N::Input]) -> Result<Vec<Option<usize>>, Box<dyn Error>> {
///     let mut net = N::new(Arc::new(N::weights(file)?));
///     let best = |scores: &[f32]| (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b]));
///     Ok(images.iter().map(|image| best(cnn_runtime::network::Numbers::floats(net.forward(image)))).collect())
/// }
/// ```
pub trait Network: DynNetwork + Sized {
    /// Packed weights.
    type Weights: 'static + Send + Sync + fmt::Debug;
    /// The memory that the net computes in.
    type Workspace: 'static + Send + Sync;
    /// `[f32; N]`, in the order channels, rows, columns; several inputs follow one another. With a
    /// [batch](Self::BATCH), an array of these.
    type Input: Numbers;
    /// `[f32; N]`, in the order channels, rows, columns; several outputs follow one another. With a
    /// [batch](Self::BATCH), an array of these.
    type Output: Numbers;

    /// What is known of the net before it runs.
    const DESCRIPTION: &'static Description;
    /// The net as declared: layers, shapes, tensors.
    const GRAPH: &'static Graph<'static> = Self::DESCRIPTION.graph;
    /// The shape of an image that the net reads. Several inputs count as one vector, since they follow one another.
    const INPUT: Shape = Self::GRAPH.input();
    /// The shape of what the net writes for an image. Several outputs count as one vector, since they follow one
    /// another.
    const OUTPUT: Shape = Self::GRAPH.output();
    /// The numbers of an image that the net reads.
    const INPUT_LEN: usize = Self::INPUT.elements();
    /// The numbers that the net writes for an image.
    const OUTPUT_LEN: usize = Self::OUTPUT.elements();
    /// Images per pass, at most.
    const BATCH: usize = Self::DESCRIPTION.batch;
    /// Size of a net's workspace in bytes.
    const WORKSPACE_BYTES: usize = Self::DESCRIPTION.workspace_bytes;
    /// Trained parameters, without those of auxiliary classifiers.
    const PARAMETERS: u64 = Self::GRAPH.parameters();
    /// Multiplications with a weight for one image.
    const MACS: u64 = Self::GRAPH.macs();
    /// The kernels of a pass, in order.
    const STEPS: &'static [Step<'static>] = Self::DESCRIPTION.steps;
    /// What the workspace holds, where and when.
    const MEMORY: &'static Memory<'static> = Self::DESCRIPTION.memory;

    /// Reads weights from safetensors files as written by PyTorch: F32, F16 or BF16.
    ///
    /// # Errors
    ///
    /// All mismatches between the files and the net, at once.
    #[cfg(feature = "alloc")]
    fn load(source: &Source<'_>) -> Result<Self::Weights, WeightsError>;

    /// [`load`](Self::load) for the common case, one file in memory.
    ///
    /// # Errors
    ///
    /// As of [`load`](Self::load).
    #[cfg(feature = "alloc")]
    fn weights(safetensors: &[u8]) -> Result<Self::Weights, WeightsError> {
        Self::load(&Source::new(safetensors))
    }

    /// A net with its own workspace: create one per thread. Takes weights that live as long as the program, or an `Arc` of
    /// them, whose ownership the net then shares.
    #[cfg(feature = "alloc")]
    fn new(weights: impl Into<Shared<'static, Self::Weights>>) -> Self;

    /// The same net on the threads of a pool, which other nets can share. Results are bit-identical.
    #[cfg(feature = "std")]
    fn with_pool(self, pool: impl Into<Shared<'static, crate::exec::threads::Pool>>) -> Self;

    /// Replaces the weights, from the next pass on.
    #[cfg(feature = "alloc")]
    fn set_weights(&mut self, weights: impl Into<Shared<'static, Self::Weights>>);

    /// Runs the net. Allocates nothing.
    fn forward(&mut self, input: &Self::Input) -> &Self::Output;

    /// Runs the net with these weights in this workspace, on the calling thread: for workspaces that no net owns.
    fn forward_in<'a>(
        weights: &Self::Weights,
        workspace: &'a mut Self::Workspace,
        input: &Self::Input,
    ) -> &'a Self::Output;

    /// Runs the net on any number of images, as many per pass as [`BATCH`](Self::BATCH) allows, and calls `each` with the
    /// output of each, in order. Allocates memory for the images of a pass, once.
    ///
    /// # Errors
    ///
    /// If an image has the wrong length. By then, `each` has received the outputs of earlier passes.
    #[cfg(feature = "alloc")]
    fn run_each<I>(&mut self, images: I, mut each: impl FnMut(&[f32])) -> Result<(), WrongLength>
    where
        I: IntoIterator,
        I::Item: AsRef<[f32]>,
    {
        let mut pass: Box<Self::Input> = Self::Input::boxed();
        let mut images = images.into_iter();
        loop {
            let mut count = 0;
            for place in pass.floats_mut().chunks_exact_mut(Self::INPUT_LEN) {
                let Some(image) = images.next() else { break };
                let image = image.as_ref();
                if image.len() != place.len() {
                    return Err(WrongLength::input(place.len(), 1, image.len()));
                }
                place.copy_from_slice(image);
                count += 1;
            }
            if count == 0 {
                return Ok(());
            }
            self.run(&pass.floats()[..count * Self::INPUT_LEN])?.chunks_exact(Self::OUTPUT_LEN).for_each(&mut each);
        }
    }
}

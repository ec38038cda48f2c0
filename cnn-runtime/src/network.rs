//! What all nets have in common, for code that is generic over nets.

pub mod steps;

use core::error::Error;
use core::fmt;

use cnn_net::graph::Graph;
use cnn_net::memory::Memory;

use self::steps::{Progress, Step};

/// A net that `network!` compiled, on weights that live for `'w`.
pub trait Network<'w>: Sized {
    /// Packed weights.
    type Weights: 'static + Send + Sync;
    /// `[f32; N]`, in the order channels, rows, columns; of a net with a [batch](Self::BATCH), an array of these.
    type Input: Numbers;
    /// `[f32; N]`, in the order channels, rows, columns; of a net with a [batch](Self::BATCH), an array of these.
    type Output: Numbers;

    /// The net as declared: layers, shapes, tensors.
    const GRAPH: &'static Graph<'static>;
    /// Images per pass.
    const BATCH: usize;
    /// Size of a net's workspace in bytes.
    const WORKSPACE_BYTES: usize;
    /// Trained parameters, without those of auxiliary classifiers.
    const PARAMETERS: u64 = Self::GRAPH.parameters();
    /// Multiplications with a weight for one image.
    const MACS: u64 = Self::GRAPH.macs();
    /// The kernels of a pass, in order.
    const STEPS: &'static [Step<'static>];
    /// What the workspace holds where, and when.
    const MEMORY: &'static Memory<'static>;

    /// Reads weights from safetensors files as written by PyTorch: F32, F16 or BF16.
    ///
    /// # Errors
    ///
    /// All mismatches between the files and the net, at once.
    #[cfg(feature = "alloc")]
    fn load(source: &crate::weights::Source<'_>) -> Result<Self::Weights, crate::weights::WeightsError>;

    /// [`load`](Self::load) for the common case, one file in memory.
    ///
    /// # Errors
    ///
    /// As of [`load`](Self::load).
    #[cfg(feature = "alloc")]
    fn weights(safetensors: &[u8]) -> Result<Self::Weights, crate::weights::WeightsError> {
        Self::load(&crate::weights::Source::new(safetensors))
    }

    /// A net that owns its workspace: create one per thread.
    #[cfg(feature = "alloc")]
    fn new(weights: &'w Self::Weights) -> Self;

    /// The same net on the threads of a pool, which other nets can share. Results are bit for bit the same.
    #[cfg(feature = "std")]
    fn with_pool(self, pool: &'w crate::exec::threads::Pool) -> Self;

    /// Runs the net. Allocates nothing.
    fn forward(&mut self, input: &Self::Input) -> &Self::Output;

    /// Runs the net, and calls `watch` at the end of each kernel call.
    #[doc(hidden)]
    fn watched(&mut self, watch: &dyn Fn(), input: &Self::Input) -> &Self::Output;

    /// Runs the net on a slice: the images of a batch, one after another.
    ///
    /// # Errors
    ///
    /// If the slice is not as long as the input.
    fn run(&mut self, input: &[f32]) -> Result<&[f32], WrongLength> {
        Ok(self.forward(Self::Input::of(input)?).floats())
    }

    /// Runs the net like [`run`](Self::run), and calls `watch` at the end of each kernel with its index in
    /// [`STEPS`](Self::STEPS). In a pass over several images, kernels that run image by image end several times.
    ///
    /// # Errors
    ///
    /// If the slice is not as long as the input.
    fn profile(&mut self, input: &[f32], watch: &mut dyn FnMut(usize)) -> Result<&[f32], WrongLength> {
        let input = Self::Input::of(input)?;
        let progress = Progress::new(Self::STEPS, Self::BATCH, watch);
        Ok(self.watched(&|| progress.advance(), input).floats())
    }

    /// What the last pass left at a tap, in the order channels, rows, columns.
    fn tap(&self, name: &str) -> Option<&[f32]> {
        let _ = name;
        None
    }
}

/// The numbers of an image or of the images of a batch, next to each other: `[f32; N]` or `[[f32; N]; B]`.
pub trait Numbers: 'static {
    /// A slice as these numbers.
    ///
    /// # Errors
    ///
    /// If it is longer or shorter.
    fn of(slice: &[f32]) -> Result<&Self, WrongLength>;

    /// All numbers.
    fn floats(&self) -> &[f32];
}

impl<const N: usize> Numbers for [f32; N] {
    fn of(slice: &[f32]) -> Result<&Self, WrongLength> {
        slice.try_into().map_err(|_| WrongLength { expected: N, found: slice.len() })
    }

    fn floats(&self) -> &[f32] {
        self
    }
}

impl<const N: usize, const IMAGES: usize> Numbers for [[f32; N]; IMAGES] {
    fn of(slice: &[f32]) -> Result<&Self, WrongLength> {
        let (images, rest) = slice.as_chunks();
        let images = images.try_into().ok().filter(|_| rest.is_empty());
        images.ok_or(WrongLength { expected: IMAGES * N, found: slice.len() })
    }

    fn floats(&self) -> &[f32] {
        self.as_flattened()
    }
}

/// A slice that is not as long as a net's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongLength {
    /// The numbers that the net reads.
    pub expected: usize,
    /// The numbers in the slice.
    pub found: usize,
}

impl fmt::Display for WrongLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the net reads {} numbers, but {} were given", self.expected, self.found)
    }
}

impl Error for WrongLength {}

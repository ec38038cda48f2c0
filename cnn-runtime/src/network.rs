//! What all nets have in common, for code that is generic over nets.

pub mod steps;

use core::error::Error;
use core::fmt;

use crate::network::steps::Step;
use cnn_net::graph::Graph;
use cnn_net::memory::Memory;

/// A net that `network!` compiled, on weights that live for `'w`.
pub trait Network<'w>: Sized {
    /// Packed weights.
    type Weights: 'static + Send + Sync;
    /// `[f32; N]`, in the order channels, rows, columns; for a net with a [batch](Self::BATCH), an array of these.
    type Input;
    /// `[f32; N]`, in the order channels, rows, columns; for a net with a [batch](Self::BATCH), an array of these.
    type Output;

    /// The net as declared: layers, shapes, tensors.
    const GRAPH: &'static Graph<'static>;
    /// Images per pass.
    const BATCH: usize;
    /// Size of a net's workspace in bytes.
    const WORKSPACE_BYTES: usize;
    /// Trained parameters, without those of auxiliary classifiers.
    const PARAMETERS: u64;
    /// Multiplications with a weight for one image.
    const MACS: u64;
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

    /// The same net on the threads of a pool, which other nets can share. Results have the same bits.
    #[cfg(feature = "std")]
    fn with_pool(self, pool: &'w crate::exec::threads::Pool) -> Self;

    /// Runs the net. Allocates nothing.
    fn forward(&mut self, input: &Self::Input) -> &Self::Output;

    /// Runs the net on a slice: the images of a batch, one after the other.
    ///
    /// # Errors
    ///
    /// If the slice is not as long as the input.
    fn run(&mut self, input: &[f32]) -> Result<&[f32], WrongLength>;

    /// Runs the net like [`run`](Self::run), and calls `watch` at the end of each kernel with its index in
    /// [`STEPS`](Self::STEPS). In a pass over several images, kernels that run image by image end several times.
    ///
    /// # Errors
    ///
    /// If the slice is not as long as the input.
    fn profile(&mut self, input: &[f32], watch: &mut dyn FnMut(usize)) -> Result<&[f32], WrongLength>;

    /// What the last pass left at a tap, in the order channels, rows, columns.
    fn tap(&self, name: &str) -> Option<&[f32]>;
}

/// A slice that is not as long as a net's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongLength {
    /// The numbers that the net reads.
    pub expected: usize,
    /// The numbers in the slice.
    pub found: usize,
}

/// A slice as an array.
///
/// # Errors
///
/// If it is longer or shorter.
pub fn exactly<const N: usize>(input: &[f32]) -> Result<&[f32; N], WrongLength> {
    input.as_array().ok_or(WrongLength { expected: N, found: input.len() })
}

/// A slice as the arrays that it holds one after the other.
///
/// # Errors
///
/// If there are more, fewer, or incomplete ones.
pub fn exactly_images<const N: usize, const IMAGES: usize>(input: &[f32]) -> Result<&[[f32; N]; IMAGES], WrongLength> {
    let (images, rest) = input.as_chunks();
    let images = images.as_array().filter(|_| rest.is_empty());
    images.ok_or(WrongLength { expected: IMAGES * N, found: input.len() })
}

impl fmt::Display for WrongLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the net reads {} numbers, but {} were given", self.expected, self.found)
    }
}

impl Error for WrongLength {}

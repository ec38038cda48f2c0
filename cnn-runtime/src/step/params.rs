//! The tensors of a net in training.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use cnn_net::graph::{Node, Tensor};

use super::TensorPlace;
use super::loading::load;
use super::net::{Train, place, tensors};
use super::saved::{Entry, write};
use crate::train::Init;
use crate::weights::{Source, WeightsError};

/// The tensors of a net in single precision, in file order: parameters and running statistics.
///
/// ```ignore
/// let params = LeNet5Params::init(42);
/// let params = LeNet5Params::from_safetensors(&std::fs::read("lenet5.safetensors")?)?;
/// ```
pub struct Params<N> {
    /// In the order of their places: first the tensors in the shared array, then the trunk's.
    pub(super) floats: Box<[f32]>,
    net: PhantomData<fn() -> N>,
}

impl<N: Train> Params<N> {
    /// Initial values with PyTorch's distributions, which depend only on the seed.
    #[must_use]
    pub fn init(seed: u64) -> Self {
        Self::init_with(Init::Torch, seed)
    }

    /// Initial values that depend only on the seed.
    #[must_use]
    pub fn init_with(init: Init, seed: u64) -> Self {
        let mut params = Self::zeros();
        for (place, node, tensor) in tensors::<N>() {
            init.fill(seed, node, tensor, &mut params.floats[place.offset..][..place.len]);
        }
        params
    }

    /// Reads a safetensors file as PyTorch writes it (F32, F16 or BF16).
    ///
    /// # Errors
    ///
    /// All mismatches between the file and the net, at once.
    pub fn from_safetensors(file: &[u8]) -> Result<Self, WeightsError> {
        Self::load(&Source::new(file))
    }

    /// Reads one safetensors file or the shards of a model, with rules for names and progress reports. Missing tensors of
    /// auxiliary classifiers are initialised with seed 0.
    ///
    /// # Errors
    ///
    /// All mismatches between the files and the net, at once.
    pub fn load(source: &Source<'_>) -> Result<Self, WeightsError> {
        load(N::GRAPH, &N::STEP, source).map(Self::of)
    }

    /// A safetensors file in F32 that PyTorch and `NameWeights` can load.
    #[must_use]
    pub fn to_safetensors(&self) -> Vec<u8> {
        write(&entries::<N>(&self.floats))
    }

    /// The numbers of a tensor by its name: `conv1.weight`.
    #[must_use]
    pub fn tensor(&self, name: &str) -> Option<&[f32]> {
        let place = place::<N>(name)?;
        Some(&self.floats[place.offset..][..place.len])
    }

    /// The numbers of a tensor by its name, mutably.
    pub fn tensor_mut(&mut self, name: &str) -> Option<&mut [f32]> {
        let place = place::<N>(name)?;
        Some(&mut self.floats[place.offset..][..place.len])
    }

    /// The packed weights that the net runs with.
    #[must_use]
    pub fn weights(&self) -> N::Weights {
        super::packing::weights::<N>(&self.floats)
    }

    pub(super) fn zeros() -> Self {
        Self { floats: vec![0.0; N::STEP.all_tensors()].into(), net: PhantomData }
    }

    pub(super) fn of(floats: impl Into<Box<[f32]>>) -> Self {
        Self { floats: floats.into(), net: PhantomData }
    }
}

impl<N> Clone for Params<N> {
    fn clone(&self) -> Self {
        Self { floats: self.floats.clone(), net: PhantomData }
    }
}

impl<N: Train> fmt::Debug for Params<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Params({} of {})", N::GRAPH.parameters(), N::GRAPH.name)
    }
}

/// All tensors, for a file.
pub(super) fn entries<N: Train>(floats: &[f32]) -> Vec<Entry<'_>> {
    let entry = |(place, _, tensor): (&TensorPlace, &Node<'_>, &'static Tensor<'static>)| Entry {
        name: tensor.name.into(),
        shape: tensor.shape.into(),
        numbers: &floats[place.offset..][..place.len],
    };
    tensors::<N>().map(entry).collect()
}

//! A trainer on the heap: created from tensors, saved to files and resumed from them.
//!
//! Everything in a checkpoint besides the net's tensors has a name that begins with a dot. No tensor of a net can have such a name,
//! since no level of a name is empty.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use cnn_net::graph::Node;
use cnn_net::language::call;

use super::memory::Trunk;
use super::net::tensors;
use super::params::entries;
use super::saved::{Entry, Saved, write};
use super::trainer::{Trained, trained};
use super::{CheckpointError, Params, Train, Trainer};
use crate::place::heap::Heap;
use crate::train::Optimiser;

impl<N: Train, O: Optimiser> Trainer<N, O> {
    /// A net with these tensors, before its first step.
    #[must_use]
    pub fn new(params: Params<N>, optimiser: O) -> Self {
        let (memory, tensors) = (Heap::zeroed(), &params.floats[..N::STEP.tensors_len]);
        let mut trainer = Self::start(memory, Trunk::embedded(&[]), optimiser, |to| to.copy_from_slice(tensors));
        trainer.trunk = Trunk::of(params.floats);
        trainer
    }

    /// A copy of all tensors.
    #[must_use]
    pub fn params(&self) -> Params<N> {
        Params::of(self.all_tensors().into_owned())
    }

    /// The packed weights that the net runs with.
    #[must_use]
    pub fn weights(&self) -> N::Weights {
        super::packing::weights::<N>(&self.all_tensors())
    }

    /// A safetensors file that PyTorch and `NameWeights` can load.
    #[must_use]
    pub fn to_safetensors(&self) -> Vec<u8> {
        write(&entries::<N>(&self.all_tensors()))
    }

    /// All tensors, in the order of their places.
    fn all_tensors(&self) -> Cow<'_, [f32]> {
        let (own, trunk) = (&self.memory.step()[..N::STEP.tensors_len], self.trunk.tensors());
        if trunk.is_empty() { Cow::Borrowed(own) } else { Cow::Owned([own, trunk].concat()) }
    }

    /// A safetensors file with all tensors, the optimiser's state and the number of steps, from which training can resume.
    #[must_use]
    pub fn checkpoint(&self) -> Vec<u8> {
        let counts = halves(self.steps, 24);
        let layers = halves(layers::<N>().into(), 16);
        let tensors = self.all_tensors();
        let mut all = entries::<N>(&tensors);
        all.extend(trained::<N, O>().map(|trained| Entry {
            name: state_name::<O>(&trained).into(),
            shape: vec![O::STATES, trained.place.len].into(),
            numbers: &self.memory.states()[trained.states],
        }));
        let two = |name, numbers| Entry { name: Cow::Borrowed(name), shape: vec![2].into(), numbers };
        all.extend([two(STEPS, &counts), two(LAYERS, &layers)]);
        write(&all)
    }

    /// Resumes from a checkpoint of the same net and the same kind of optimiser; on an error, nothing changes. The optimiser's
    /// hyperparameters, such as momentum, remain this trainer's.
    ///
    /// # Errors
    ///
    /// If the checkpoint is for other layers or another optimiser, or lacks something.
    pub fn resume(&mut self, checkpoint: &[u8]) -> Result<(), CheckpointError> {
        let saved = Saved::open(checkpoint)?;
        let mut layers_then = [0.0; 2];
        saved.take(LAYERS, &mut layers_then)?;
        if layers_then != halves(layers::<N>().into(), 16) {
            return Err(CheckpointError::OtherNet { expected: N::GRAPH.name });
        }
        let mut params = Params::<N>::zeros();
        for (place, _, tensor) in tensors::<N>() {
            saved.take(tensor.name, &mut params.floats[place.offset..][..place.len])?;
        }
        let mut states = vec![0.0; self.memory.states().len()];
        for trained in trained::<N, O>() {
            saved.take(&state_name::<O>(&trained), &mut states[trained.states])?;
        }
        let mut counts = [0.0; 2];
        saved.take(STEPS, &mut counts)?;
        let [floats, remembered] = self.memory.parts();
        floats[..N::STEP.tensors_len].copy_from_slice(&params.floats[..N::STEP.tensors_len]);
        remembered.copy_from_slice(&states);
        self.trunk = Trunk::of(params.floats);
        self.steps = counts[0] as u64 + ((counts[1] as u64) << 24);
        Ok(())
    }
}

/// The number of steps.
const STEPS: &str = ".steps";
/// The checksum of the layers.
const LAYERS: &str = ".layers";

/// A number as two floats that hold it: its low bits, at most 24, and the others.
fn halves(number: u64, bits: u32) -> [f32; 2] {
    [(number & ((1 << bits) - 1)) as f32, (number >> bits) as f32]
}

/// The name of the optimiser's state for a tensor.
fn state_name<O: Optimiser>(trained: &Trained) -> String {
    format!(".{}.{}", O::NAME, trained.tensor.name)
}

/// A checksum of the layers of a net, as a declaration calls them, and of which tensors are trained.
fn layers<N: Train>() -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for Node { name, op, inputs, output, aux, .. } in N::GRAPH.nodes {
        hasher.update(format!("{name}: {} of {inputs:?}, {output}, {aux:?}\n", call(op)).as_bytes());
    }
    for (place, _, tensor) in tensors::<N>().filter(|(place, ..)| place.gradient.is_some()) {
        hasher.update(format!("{} of {}\n", tensor.name, place.len).as_bytes());
    }
    hasher.finalize()
}

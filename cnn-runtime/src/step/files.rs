//! A trainer on the heap: from tensors, to files and back.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

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

    /// A safetensors file that PyTorch and the net's weights read.
    #[must_use]
    pub fn to_safetensors(&self) -> Vec<u8> {
        write(&entries::<N>(&self.all_tensors()))
    }

    /// All tensors, in the order of their places.
    fn all_tensors(&self) -> Cow<'_, [f32]> {
        let (own, trunk) = (&self.memory.step()[..N::STEP.tensors_len], self.trunk.tensors());
        if trunk.is_empty() { Cow::Borrowed(own) } else { Cow::Owned([own, trunk].concat()) }
    }

    /// A safetensors file with all tensors, with what the optimiser remembers, and the number of steps: training can go on from it.
    #[must_use]
    pub fn checkpoint(&self) -> Vec<u8> {
        let counts = [(self.steps & 0xFF_FFFF) as f32, (self.steps >> 24) as f32];
        let tensors = self.all_tensors();
        let mut all = entries::<N>(&tensors);
        all.extend(trained::<N, O>().map(|trained| Entry {
            name: state_name(&trained).into(),
            shape: vec![O::STATES, trained.place.len].into(),
            numbers: &self.memory.states()[trained.states],
        }));
        let counts = STEPS.iter().zip(counts.chunks(1));
        all.extend(counts.map(|(name, numbers)| Entry { name: (*name).into(), shape: vec![1].into(), numbers }));
        write(&all)
    }

    /// Goes on from a checkpoint of the same net and the same kind of optimiser. If it is another, nothing changes.
    ///
    /// # Errors
    ///
    /// If it lacks something.
    pub fn resume(&mut self, checkpoint: &[u8]) -> Result<(), CheckpointError> {
        let saved = Saved::open(checkpoint)?;
        let mut params = Params::<N>::zeros();
        for (place, _, tensor) in tensors::<N>() {
            saved.take(tensor.name, &mut params.floats[place.offset..][..place.len])?;
        }
        let mut states = vec![0.0; self.memory.states().len()];
        for trained in trained::<N, O>() {
            saved.take(&state_name(&trained), &mut states[trained.states])?;
        }
        let mut counts = [0.0; 2];
        for (name, count) in STEPS.iter().zip(counts.chunks_mut(1)) {
            saved.take(name, count)?;
        }
        let [floats, remembered] = self.memory.parts();
        floats[..N::STEP.tensors_len].copy_from_slice(&params.floats[..N::STEP.tensors_len]);
        remembered.copy_from_slice(&states);
        self.trunk = Trunk::of(params.floats);
        self.steps = counts[0] as u64 + ((counts[1] as u64) << 24);
        Ok(())
    }
}

/// The number of steps in a checkpoint: its low 24 bits, which a float holds, and the others.
const STEPS: [&str; 2] = ["steps.low", "steps.high"];

/// The name of what the optimiser remembers of a tensor.
fn state_name(trained: &Trained) -> String {
    format!("optimiser.{}", trained.tensor.name)
}

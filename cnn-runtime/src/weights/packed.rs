//! Packed weights that were read from files.

use cnn_net::graph::Graph;

use super::{Source, WeightsError, load};
use crate::pack::Pack;
use crate::place::heap::Heap;
use crate::place::packed::{Aligned, Packed};

impl<const N: usize> Packed<N> {
    /// Reads safetensors files: [`load`] into its own memory.
    ///
    /// # Errors
    ///
    /// All mismatches between the files and the net, at once.
    ///
    /// # Panics
    ///
    /// If `recipe` does not belong to `graph`, or packs more than `N` floats.
    pub fn load(graph: &Graph<'_>, recipe: &[Pack], source: &Source<'_>) -> Result<Self, WeightsError> {
        let mut packed = Heap::<Aligned<N>>::zeroed();
        load(graph, recipe, source, packed.floats_mut())?;
        Ok(Self::Owned(packed))
    }
}

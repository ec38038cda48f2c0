//! The tensors of a net that is trained.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use cnn_net::graph::{Graph, Node, Tensor};

use super::saved::{Entry, write};
use super::{Pass, StepLayout, TensorPlace};
use crate::network::Numbers;
use crate::pack::Pack;
use crate::place::workspace::Workspace;
use crate::train::Init;
use crate::weights::{Source, WeightsError, read};

/// A net with a training step. `#[train(batch = …)]` implements it.
pub trait Train {
    /// An image: `[f32; N]`, in the order C, H, W; that of several inputs has one after another.
    type Image: Numbers;
    /// What the output for an image should be: a class, `[u32; PIXELS]`, or `[f32; N]`.
    type Target: Sync;
    /// A minibatch of images.
    type Images: Numbers + AsRef<[Self::Image]>;
    /// A minibatch of targets.
    type Targets: AsRef<[Self::Target]>;
    /// Packed weights of the net.
    type Weights;
    /// All memory of a step but that of the optimiser.
    type Memory: Memory;

    /// The net as declared.
    const GRAPH: &'static Graph<'static>;
    /// Where the step has what.
    const STEP: StepLayout<'static>;
    /// How the net's weights are packed.
    const RECIPE: &'static [Pack];

    /// The losses of a minibatch, or of fewer images, and the gradients of the logits.
    fn forward(
        pass: Pass<'_>,
        images: &[Self::Image],
        targets: &[Self::Target],
        shared: &mut [f32],
        workspaces: &mut [f32],
    );

    /// All other gradients of a whole minibatch.
    fn backward(pass: Pass<'_>, shared: &mut [f32], workspaces: &mut [f32]);

    /// Weights that `fill` packs.
    fn weights(fill: impl FnOnce(&mut [f32])) -> Self::Weights;
}

/// Zeros on the heap.
#[doc(hidden)]
pub trait Memory: crate::place::heap::Zero {
    /// All floats.
    fn floats(&self) -> &[f32];

    /// All floats.
    fn floats_mut(&mut self) -> &mut [f32];
}

impl<const N: usize> Memory for Workspace<N> {
    fn floats(&self) -> &[f32] {
        self.as_slice()
    }

    fn floats_mut(&mut self) -> &mut [f32] {
        Self::floats(self)
    }
}

/// The tensors of a net in single precision, in the order of their files: parameters, and running statistics.
///
/// ```ignore
/// let params = LeNet5Params::init(42);
/// let params = LeNet5Params::from_safetensors(&std::fs::read("lenet5.safetensors")?)?;
/// ```
pub struct Params<N> {
    /// At their places in what a step shares.
    pub(super) floats: Box<[f32]>,
    net: PhantomData<fn() -> N>,
}

impl<N: Train> Params<N> {
    /// Numbers that follow from the seed alone, with PyTorch's distributions.
    #[must_use]
    pub fn init(seed: u64) -> Self {
        Self::init_with(Init::Torch, seed)
    }

    /// Numbers that follow from the seed alone.
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

    /// Reads one safetensors file or the shards of a model, with rules for names and progress reports. Tensors of auxiliary
    /// classifiers that are missing are initialised by the seed 0.
    ///
    /// # Errors
    ///
    /// All mismatches between the files and the net, at once.
    pub fn load(source: &Source<'_>) -> Result<Self, WeightsError> {
        let found = read(N::GRAPH, source)?;
        let mut params = Self::init(0);
        for (place, _, tensor) in tensors::<N>() {
            let to = &mut params.floats[place.offset..][..place.len];
            match found.get(tensor.name).map(Vec::as_slice) {
                // All slopes of a `prelu` may be one.
                Some([all]) => to.fill(*all),
                Some(numbers) => to.copy_from_slice(numbers),
                None => {}
            }
        }
        Ok(params)
    }

    /// A safetensors file of F32 that PyTorch and the net's weights read.
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

    /// The numbers of a tensor by its name, to change them.
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
        Self { floats: vec![0.0; N::STEP.tensors_len].into(), net: PhantomData }
    }

    pub(super) fn of(floats: &[f32]) -> Self {
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

/// All tensors, with their places and the nodes that have them.
pub(super) fn tensors<N: Train>()
-> impl Iterator<Item = (&'static TensorPlace, &'static Node<'static>, &'static Tensor<'static>)> {
    N::STEP.tensors.iter().map(|place| {
        let node = &N::GRAPH.nodes[place.node];
        (place, node, &node.tensors[place.tensor])
    })
}

/// The place of a tensor.
pub(super) fn place<N: Train>(name: &str) -> Option<&'static TensorPlace> {
    tensors::<N>().find(|(.., tensor)| tensor.name == name).map(|(place, ..)| place)
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

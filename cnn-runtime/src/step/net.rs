//! What the compiler emits for a net that trains.

use cnn_net::graph::{Graph, Node, Tensor};

use super::memory::Memory;
use super::{Pass, Score, StepLayout, TensorPlace};
use crate::exec::run::Run;
use crate::network::Numbers;
#[cfg(feature = "alloc")]
use crate::pack::Pack;
use crate::place::floats::Floats;
use crate::train::Optimiser;

/// A net with a training step. `#[train(batch = …)]` implements it.
pub trait Train {
    /// An image: `[f32; N]`, in the order C, H, W; several inputs follow one another.
    type Image: Numbers;
    /// The target for an image: a class, `[u32; PIXELS]`, or `[f32; N]`; for several outputs, a struct of these.
    type Target: Sync;
    /// The output for an image: `[f32; N]`, in the order C, H, W; several outputs follow one another.
    type Output: Numbers;
    /// A score for each output and each auxiliary classifier.
    type Scores: AsRef<[Score]> + AsMut<[Score]>;
    /// A minibatch of images.
    type Images: Numbers + AsRef<[Self::Image]>;
    /// A minibatch of targets.
    type Targets: AsRef<[Self::Target]>;
    /// Packed weights of the net.
    type Weights;
    /// All memory of a step.
    type Memory<O: Optimiser>: Memory;
    /// The trunk's tensors, followed by its packed weights.
    type Trunk: Floats;

    /// The net as declared.
    const GRAPH: &'static Graph<'static>;
    /// The scores before the first step.
    const NO_SCORES: Self::Scores;
    /// Where the step keeps its numbers.
    const STEP: StepLayout<'static>;
    /// How the net's weights are packed.
    #[cfg(feature = "alloc")]
    const RECIPE: &'static [Pack];

    /// Computes the losses of a minibatch, or of fewer images, and the gradients of the logits. Images without targets have no loss.
    /// `trunk` holds packed weights.
    fn forward(
        pass: Pass<'_>,
        images: &[Self::Image],
        targets: &[Self::Target],
        trunk: &[f32],
        shared: &mut [f32],
        workspaces: &mut [f32],
    );

    /// Computes the output of an image without a target, after the forward pass.
    fn output(run: Run<'_>, workspace: &mut [f32]);

    /// Computes all other gradients of a whole minibatch.
    fn backward(pass: Pass<'_>, shared: &mut [f32], workspaces: &mut [f32]);

    /// Packs the trunk from its tensors.
    #[cfg(feature = "alloc")]
    fn pack_trunk(run: Run<'_>, trunk: &mut [f32]);

    /// Weights that `fill` packs.
    #[cfg(feature = "alloc")]
    fn weights(fill: impl FnOnce(&mut [f32])) -> Self::Weights;
}

/// A net with a training step and `#[weights("…")]`: a trainer can start from the weights in the binary.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no weights in the binary to train",
    note = "`#[weights(\"file.safetensors\")]` above the net embeds them"
)]
pub trait TrainEmbedded: Train {
    /// All tensors outside the trunk, followed by the trunk's packed weights.
    fn embedded() -> &'static [f32];
}

/// All tensors, with their places and the nodes that have them.
pub(super) fn tensors<N: Train>()
-> impl Iterator<Item = (&'static TensorPlace, &'static Node<'static>, &'static Tensor<'static>)> {
    N::STEP.tensors_of(N::GRAPH)
}

/// The place of a tensor.
pub(super) fn place<N: Train>(name: &str) -> Option<&'static TensorPlace> {
    tensors::<N>().find(|(.., tensor)| tensor.name == name).map(|(place, ..)| place)
}

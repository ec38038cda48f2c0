//! The arguments of `cnn plan`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::{Json, count};
use crate::names::NetName;

#[derive(Debug, clap::Args)]
pub(crate) struct PlanArgs {
    /// Which net: a name that `cnn list` shows, or a file: FILE.rs, FILE.rs::Net, FILE.onnx, FILE.tflite
    #[arg(value_name = "NET", value_parser = NetName, hide_possible_values = true)]
    pub(crate) net: String,
    /// Show the buffers instead of the kernels: what the workspace holds where, and when
    #[arg(long, conflicts_with = "json")]
    pub(crate) buffers: bool,
    /// Show the training step instead of inference
    #[arg(long)]
    pub(crate) train: bool,
    /// With --train: images of a minibatch; by default, what `#[train]` says, or 64
    #[arg(long, value_name = "N", requires = "train", value_parser = count)]
    pub(crate) batch: Option<NonZeroUsize>,
    /// Also draw the buffers over time: an SVG to write, replacing an older one
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) chart: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) json: Json,
}

pub(super) const ABOUT: &str = "\
Show how a net is computed: its kernels in the order in which they run, and where in the workspace they write.

A row is a kernel call of the compiled net: the layer that it computes (or `input.halo`, zeros around a map, or `output.chw`, \
which brings a map into the order channels, rows, columns), the kernel, how it computes what could be computed in \
several ways (direct, Winograd's F(4, 3), gemm, nonzero), the shape of its output, the bytes of the workspace from the \
first to the last of its output, and those that it computes in. Layers that were fused into the one before them have \
no row; parts of a concat are written in place, so ranges of several kernels may overlap.

The workspace is what the net's type has as WORKSPACE_BYTES. The lower bound is the most that is in use at once: no \
workspace could be smaller. With `#[batch]`, the ranges are those of the first image, and kernels that take all images at once \
are marked `all`.

With --buffers, a row is a part of the workspace: the layer that it is made for, what it holds (values, scratch or output), \
its bytes, and the steps from its first write to its last read. `cnn diagram --memory` draws them, too.

With --train, the plan is that of a training step: kernels run once for `each` image of the minibatch or for `all`, those up to \
the losses also in evaluation. TRAIN_BYTES is what the trainer has in memory, besides what the optimiser remembers: a \
workspace for each image, and what all images share. The packed weights of the frozen layers before all that are trained come \
on top: TRUNK_BYTES. Its JSON has the keys net, images, train_bytes, image_bytes, lower_bound_bytes, tensor_bytes, \
gradient_bytes, once_bytes, trunk_bytes, recomputed, forward (the number of kernels before the first gradient), kernels \
(name, kernel, images: each or all) and buffers.

The JSON has the keys net, images, workspace_bytes, lower_bound_bytes, weights_bytes (as packed), steps, and buffers. A step has \
the keys name, kernel, algorithm (may be empty), layers (names: what it computes), shared (whether it takes all images), \
output (its shape, or null), output_bytes and scratch_bytes (arrays of begin and end; scratch may be null). A buffer has the \
keys name, holds, bytes (an array of begin and end), first and last (names of steps).";

pub(super) const EXAMPLES: &str = "\
Examples:
  cnn plan lenet5
  cnn plan src/net.rs::Small --buffers
  cnn plan model.onnx --chart memory.svg
  cnn plan lenet5 --train --batch 32 --chart step.svg
  cnn plan resnet50 --json | jq .workspace_bytes";

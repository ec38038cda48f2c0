//! The images of a minibatch, one after another or on several threads.

use crate::exec::run::Run;
use crate::kernels::dropout::MaskOf;
use crate::place::workspace::Batch;

/// How a pass over a minibatch runs.
#[derive(Clone, Copy, Debug)]
pub struct Pass<'a> {
    /// The instruction set, and the threads.
    pub run: Run<'a>,
    /// What it is for.
    pub mode: Mode,
}

/// What a pass over a minibatch is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// Whether it is in training mode: normalises by the statistics of the minibatch, and applies dropout.
    pub trains: bool,
    /// What the bits of dropout depend on, besides the step.
    pub seed: u64,
    /// The number of steps so far.
    pub step: u64,
}

impl Mode {
    /// What dropout's bits for an image depend on.
    #[must_use]
    pub const fn mask(&self, image: usize) -> MaskOf {
        MaskOf { seed: self.seed, step: self.step, image }
    }
}

/// Calls `kernels` with the index and the workspace of each image. With several threads, each takes some of the images; if there are
/// too few images, kernels are split instead, as in a pass over one image.
///
/// # Panics
///
/// If an image has no workspace.
pub fn minibatch(
    run: Run<'_>,
    batch: Batch,
    workspaces: &mut [f32],
    kernels: impl Fn(Run<'_>, usize, &mut [f32]) + Sync,
) {
    let Batch { images, floats } = batch;
    let needed = images.checked_mul(floats);
    assert!(needed.is_some_and(|needed| needed <= workspaces.len()), "a workspace for each image");
    if run.threads() == 1 || images < run.threads() {
        for (image, workspace) in batch.split(workspaces).enumerate() {
            kernels(run, image, workspace);
        }
        return;
    }
    let first = workspaces.as_mut_ptr();
    // SAFETY: partitions have different images, and the workspaces of these are apart, and in the slice, as was checked above.
    unsafe {
        run.each_partition(usize::MAX, |partition| {
            for image in partition.of(images) {
                let workspace = core::slice::from_raw_parts_mut(first.wrapping_add(image * floats), floats);
                kernels(run.on_one_thread(), image, workspace);
            }
        });
    }
}

//! Kernels as their callers see them: the compiler, which emits calls, and the trace, which makes them.

use alloc::string::String;
use core::fmt;

use cnn_net::literal::Literal;

#[cfg(feature = "kernels")]
use crate::exec::run::Run;
use crate::pack::Layout;
use crate::place::map::Map;
#[cfg(feature = "kernels")]
use crate::place::workspace::Batch;

/// A kernel with all its numbers.
pub trait KernelCall: fmt::Debug {
    /// The function that runs it: `conv2d`.
    fn function(&self) -> &'static str;

    /// Its descriptor: the name of the type, and the value.
    fn descriptor(&self) -> (&'static str, &dyn Literal);

    /// The map that it writes, and where that is in the descriptor; nothing, if it writes none that others read.
    fn output(&self) -> Option<(Map, &'static str)> {
        None
    }

    /// Its weights, if it has any.
    fn weights(&self) -> Option<Weights> {
        None
    }

    /// Where it reads numbers that no layout packs: those that a training step computed for all images.
    fn shared(&self) -> Option<usize> {
        None
    }

    /// How it computes what could be computed in several ways; empty, if there is one way.
    fn algorithm(&self) -> String {
        String::new()
    }

    /// Whether there is a function that takes all images of a batch, of the same name with `_batch`.
    fn has_batch(&self) -> bool {
        false
    }

    /// Whether it reads the image, which is not in the workspace.
    fn reads_image(&self) -> bool {
        false
    }

    /// Runs it.
    ///
    /// # Panics
    ///
    /// If the workspace is too small, or the image or the weights end early.
    #[cfg(feature = "kernels")]
    fn run(&self, run: Run<'_>, image: &[f32], weights: &[f32], ws: &mut [f32]);

    /// Runs it in the workspace of each image: with the function for a batch, if there is one.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run) does.
    #[cfg(feature = "kernels")]
    fn run_batch(&self, run: Run<'_>, batch: Batch, weights: &[f32], ws: &mut [f32]) {
        for ws in batch.split(ws) {
            self.run(run, &[], weights, ws);
        }
    }
}

/// A kernel of a training step that takes all images of a minibatch, with all its numbers.
///
/// Its function is called as `function(run, &layer, batch, workspaces, shared)`, or, if it takes no images, as
/// `function(run, &layer, shared)`. `shared` are the floats that all images share: parameters, their gradients, and whatever else a step
/// computes once.
pub trait BatchCall: fmt::Debug {
    /// The function that runs it: `batch_norm_statistics`.
    fn function(&self) -> &'static str;

    /// Its descriptor: the name of the type, and the value.
    fn descriptor(&self) -> (&'static str, &dyn Literal);

    /// Whether its function takes the images: `batch` and their workspaces.
    fn has_images(&self) -> bool;

    /// Runs it.
    ///
    /// # Panics
    ///
    /// If a workspace is too small, or `shared` ends early.
    #[cfg(feature = "kernels")]
    fn run(&self, run: Run<'_>, batch: Batch, ws: &mut [f32], shared: &mut [f32]);
}

/// The weights of a kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Where they begin.
    pub offset: usize,
    /// How they are packed.
    pub layout: Layout,
    /// The descriptor's method that returns the layout.
    pub method: &'static str,
}

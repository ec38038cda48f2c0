//! Weights of a fully connected layer in rows, each from one input to all outputs.

use core::marker::PhantomData;
use core::ops::Range;

use super::Dense;
use crate::exec::run::Partition;
use crate::kernels::epilogue::Epilogue;
use crate::kernels::gemm::WeightType;
use crate::pack::{PANEL, padded};
use crate::simd::Simd;

/// A layer with its weights, which begin with the biases. All functions need workspaces and weights that the layer fits, and
/// columns of its output.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a, W> {
    pub(super) layer: &'a Dense,
    epilogue: Epilogue,
    weights: *const f32,
    weight_type: PhantomData<W>,
}

impl<'a, W: WeightType> Rows<'a, W> {
    pub(super) fn new(layer: &'a Dense, weights: *const f32) -> Self {
        let epilogue = Epilogue::over_stored(layer.activation).adding(layer.residual);
        Self { layer, epilogue, weights, weight_type: PhantomData }
    }

    /// The columns of a partition, in whole panels.
    #[inline(always)]
    pub(super) fn columns(&self, partition: Partition) -> Range<usize> {
        let outputs = self.layer.output.channels;
        let panels = partition.of(outputs.div_ceil(PANEL));
        panels.start * PANEL..outputs.min(panels.end * PANEL)
    }

    /// The weights from an input to the outputs from `column` on.
    #[inline(always)]
    pub(super) fn row(&self, input: usize, column: usize) -> *const f32 {
        let width = padded(self.layer.output.channels);
        self.weights.wrapping_add(width + W::floats(input * width + column))
    }

    /// The output in a workspace.
    #[inline(always)]
    pub(super) unsafe fn output(&self, ws: *mut f32) -> *mut f32 {
        // SAFETY: the caller's promise.
        unsafe { ws.add(self.layer.output.offset) }
    }

    /// Begins with the biases and the residual, which may be the output itself.
    #[inline(always)]
    pub(super) unsafe fn begin<S: Simd>(&self, s: S, ws: *mut f32, columns: &Range<usize>) {
        for at in columns.clone().step_by(S::LANES) {
            let rest = columns.end - at;
            // SAFETY: the caller's promise; biases are padded.
            unsafe {
                let y = self.epilogue.finish(s, s.load(self.weights.add(at)), ws, [0, 0, at], rest);
                s.store_first(self.output(ws).add(at), y, rest);
            }
        }
    }

    /// Ends with the activation.
    #[inline(always)]
    pub(super) unsafe fn end<S: Simd>(&self, s: S, ws: *mut f32, columns: &Range<usize>) {
        // SAFETY: the caller's promise.
        unsafe { self.epilogue.pass(s, self.output(ws).add(columns.start), columns.len()) }
    }
}

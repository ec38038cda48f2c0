//! The end of a kernel: what happens to a sum before it is a result.
//!
//! ```text
//! activation(sum + bias + residual), then the largest or the mean of each 2x2
//! ```
//!
//! An [`Epilogue`] decides for every kernel which of it is done in registers, and which in a pass over results that were stored
//! and are still in the cache. Additions, clamps and hard swish, of a few instructions, are done in registers. All other
//! activations are passes: there they see whole vectors even where a map has few channels, and kernels don't contain the code of
//! each function.
//! A kernel whose sums are in memory in any case asks for [passes alone](Epilogue::over_stored).
//!
//! Biases belong to the weights. Most kernels start their sums with them.

use core::ops::Range;

use crate::kernels::activation::{Elementwise, Inline};
use crate::place::map::Map;
use crate::simd::Simd;
use cnn_net::op::Activation;
use cnn_net::variants;

/// What a kernel does to its sums.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Epilogue {
    /// Added to the sums.
    residual: Option<Map>,
    /// The activation, where it is applied in registers.
    inline: Inline,
    /// The activation, where a pass over stored results applies it.
    pass: Option<Elementwise>,
    /// What is stored in place of each 2x2 results.
    pool: Option<Pooling>,
}

/// How 2x2 results become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// Their largest.
    Max,
    /// Their mean.
    Average,
}

variants! { Pooling { Max, Average } }

impl Epilogue {
    /// For results that are in registers.
    pub(crate) const fn new(activation: Elementwise) -> Self {
        let (inline, pass) = match activation.inline() {
            Some(inline) => (inline, None),
            None => (Inline::NOTHING, Some(activation)),
        };
        Self { residual: None, inline, pass, pool: None }
    }

    /// For results that are stored before anything is done to them.
    pub(crate) const fn over_stored(activation: Elementwise) -> Self {
        let pass = if matches!(activation.activation(), Activation::Identity) { None } else { Some(activation) };
        Self { residual: None, inline: Inline::NOTHING, pass, pool: None }
    }

    /// Also adds a residual.
    pub(crate) const fn adding(self, residual: Option<Map>) -> Self {
        Self { residual, ..self }
    }

    /// Also pools the results.
    pub(crate) const fn pooling(self, pool: Option<Pooling>) -> Self {
        Self { pool, ..self }
    }

    /// Whether all of it is done in registers.
    pub(crate) const fn is_in_registers(&self) -> bool {
        self.pass.is_none()
    }

    /// What is added to the sums.
    #[inline(always)]
    pub(crate) const fn residual(&self) -> Option<&Map> {
        self.residual.as_ref()
    }

    /// What is stored in place of each 2x2 results.
    #[inline(always)]
    pub(crate) const fn pool(&self) -> Option<Pooling> {
        self.pool
    }

    /// The sums of some channels of a pixel as they are stored. Those of the residual are read at (y, x), from `channel` on,
    /// `count` at most.
    ///
    /// # Safety
    ///
    /// These channels of the residual, if there is one, must be readable in the workspace.
    #[inline(always)]
    pub(crate) unsafe fn finish<S: Simd>(
        &self,
        s: S,
        sums: S::Vec,
        ws: *const f32,
        [y, x, channel]: [usize; 3],
        count: usize,
    ) -> S::Vec {
        let sums = match &self.residual {
            // SAFETY: the caller's promise.
            Some(residual) => s.add(sums, unsafe { s.load_first(ws.add(residual.at(y, x) + channel), count) }),
            None => sums,
        };
        self.activate(s, sums)
    }

    /// The activation, where it is applied in registers; lets NaN through.
    #[inline(always)]
    pub(crate) fn activate<S: Simd>(&self, s: S, x: S::Vec) -> S::Vec {
        self.inline.eval(s, x)
    }

    /// [`activate`](Self::activate) for a tile.
    #[inline(always)]
    pub(crate) fn activate_tile<S: Simd, const MR: usize, const NV: usize>(&self, s: S, tile: &mut [[S::Vec; NV]; MR]) {
        self.inline.eval_tile(s, tile);
    }

    /// Passes over `len` results.
    ///
    /// # Safety
    ///
    /// They must be readable and writable.
    #[inline(always)]
    pub(crate) unsafe fn pass<S: Simd>(&self, s: S, results: *mut f32, len: usize) {
        if let Some(activation) = self.pass {
            // SAFETY: the caller's promise.
            unsafe { activation.apply(s, results, results, len) };
        }
    }

    /// Passes over some channels of `len` pixels of a map, from (y, x) on, row after row.
    ///
    /// # Safety
    ///
    /// The map must have these pixels and channels, and lie in the workspace.
    #[inline(always)]
    pub(crate) unsafe fn pass_pixels<S: Simd>(
        &self,
        s: S,
        ws: *mut f32,
        map: &Map,
        [mut y, mut x]: [usize; 2],
        mut len: usize,
        channels: Range<usize>,
    ) {
        if self.pass.is_none() {
            return;
        }
        let Map { height, width, row, pixel, .. } = *map;
        while len > 0 {
            // Pixels that are next to each other in memory are one run.
            let adjacent = match pixel == channels.len() {
                true if row == width * pixel => (height - y) * width - x,
                true => width - x,
                false => 1,
            };
            let pixels = adjacent.min(len);
            // SAFETY: these are elements of the map.
            unsafe { self.pass(s, ws.add(map.at(y, x) + channels.start), pixels * channels.len()) };
            len -= pixels;
            // A run that ends inside of a row is the last one, or a single pixel.
            [y, x] = if x + pixels < width { [y, x + pixels] } else { [y + 1, 0] };
        }
    }
}

impl Pooling {
    /// Of two.
    #[inline(always)]
    pub(crate) fn fold<S: Simd>(self, s: S, a: S::Vec, b: S::Vec) -> S::Vec {
        match self {
            Self::Max => s.max_or_nan(a, b),
            Self::Average => s.add(a, b),
        }
    }

    /// The result of four.
    #[inline(always)]
    pub(crate) fn finish<S: Simd>(self, s: S, folded: S::Vec) -> S::Vec {
        match self {
            Self::Max => folded,
            Self::Average => s.mul(folded, s.splat(0.25)),
        }
    }
}

//! Few filters over a map with a single channel, and a 2x2 pooling behind them: the first layers of nets for digits.
//!
//! There a vector of output channels is mostly padding, and each float that is read serves a single FMA. But neighbouring
//! windows lie next to each other, so vectors are over *pixels* here, and results are transposed when they are stored.
//!
//! ```text
//! strips of 2 or 4 rows of the output
//!   chunks of pixels                                  2 vectors, or 1 for more than 6 filters
//!     Winograd's algorithm only:
//!       transform the rows                            V [n][chunk + kernel - 1]
//!       n products with the rows of filters           M [n][filters][chunk]
//!       transform back                                Y [rows][filters][chunk]
//!     otherwise, and for NaN and very large pixels, products with the filters            Y
//!     activation, in place
//!     the mean or the largest of each 2x2, if it is pooled; store
//! ```
//!
//! Winograd's algorithm is that of [`winograd`](crate::kernels::winograd) in one direction, F(4 x 1, 5 x 5): 8 products take the place of
//! 20 for each column of a filter. Over a single channel there are no sums that transforms of both directions would be small
//! beside, and for kernels of 3x3 not even those of one are.

mod strips;

use self::strips::Planar;
use super::Conv2d;
use crate::exec::run::{Run, macs};
use crate::pack::{ColumnPanels, HALF_PANEL, Layout, PANEL};
use crate::place::bounds::{Checked, Reach, assert_product, weights_at};
use crate::place::map::Map;
use crate::simd::Simd;
use cnn_net::op::{Conv, Padding, Size};
use cnn_net::{record, variants};

/// A convolution of few filters over a map with a single channel, perhaps with the 2x2 pooling of its results.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Planar2d {
    /// What it computes. Nothing lies between the pixels of the input, the stride is 1 in a row, the output is at least
    /// [`PANEL`] pixels wide and has at most [`HALF_PANEL`] channels, and no residual is added.
    pub conv: Conv2d,
    /// Rows of the output that Winograd's algorithm computes at once: 4, if the kernel is 5 high and at most 5 wide, and zeros lie
    /// around the input as far as such strips reach ([`halo`](Self::halo)). Or 1, where sums are as they are written down.
    pub tile: usize,
    /// The pooling of each 2x2 results, if not all are stored: the output is then half as high and wide.
    pub pool: Option<Pooling>,
}

record! { Planar2d(conv: Conv2d) { tile: usize = 1, pool: Option<Pooling> = None } }
kernel_call! { Planar2d = planar2d, output: conv.output, weights: conv.weights, algorithm: Planar2d::algorithm }

/// How 2x2 results become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// Their largest.
    Max,
    /// Their mean.
    Average,
}

variants! { Pooling { Max, Average } }

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

impl Planar2d {
    /// Whether there is such a kernel for a convolution of so many channels, with an output of this size.
    pub const fn fits(conv: &Conv, inputs: usize, output: Size) -> bool {
        inputs == 1 && conv.filters <= HALF_PANEL && conv.stride.width == 1 && output.width >= PANEL
    }

    /// The zeros that it reads around an input of this size, for a computed output of that.
    pub const fn halo(conv: &Conv, input: Size, output: Size, tile: usize) -> Padding {
        Conv2d::halo(conv, input, Size::new(output.height.next_multiple_of(tile), output.width))
    }

    /// What is computed: the size of the output, or twice that if it is pooled.
    const fn computed(&self) -> Size {
        let Map { height, width, .. } = self.conv.output;
        if self.pool.is_some() { Size::new(2 * height, 2 * width) } else { Size::new(height, width) }
    }

    /// How its weights are packed.
    pub const fn panels(&self) -> ColumnPanels {
        ColumnPanels { outputs: self.conv.output.channels, inputs: 1, kernel: self.conv.kernel, tile: self.tile }
    }

    /// How its weights are packed.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        Layout::Columns(self.panels())
    }

    /// How it computes.
    #[cfg(feature = "alloc")]
    fn algorithm(&self) -> alloc::string::String {
        match self.tile {
            1 => "direct".into(),
            tile => alloc::format!("F({tile}x1, {})", self.conv.kernel),
        }
    }

    /// Rows of a strip: those of a tile, or two, which are pooled together.
    const fn strip(&self) -> usize {
        if self.tile == 1 { 2 } else { self.tile }
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If there is no such kernel; if windows begin before the workspace; if the output overlaps what is read.
    pub const fn check(self) -> Checked<Self> {
        let Conv2d { input, output, kernel, stride, dilation, groups, residual, .. } = self.conv;
        assert!(groups == 1 && stride.width == 1 && residual.is_none(), "no convolution of few filters over a plane");
        assert_product(&[output.height, output.width, 4]);
        assert_product(&[kernel.height, kernel.width, HALF_PANEL]);
        let Size { height, width } = self.computed();
        let plane = input.channels == 1 && input.pixel == 1 && output.channels <= HALF_PANEL;
        assert!(plane && width >= PANEL, "no convolution of few filters over a plane");
        let dense = stride.height == 1 && dilation.height == 1 && dilation.width == 1;
        let winograd = dense && self.tile == 4 && kernel.height == 5 && kernel.width <= 5;
        assert!(self.tile == 1 || winograd, "there is no algorithm for these tiles");
        let windows = self.conv.windows(height.next_multiple_of(self.tile), width, kernel);
        Checked::new(self, Reach::to(&output).reads(windows.spilling()))
    }
}

/// Convolves a map with a single channel, and pools the result; the weights are [`ColumnPanels`].
///
/// # Panics
///
/// If the workspace is too small, or the weights end early.
#[inline(always)]
pub fn planar2d(run: Run<'_>, layer: &Checked<Planar2d>, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let layer = layer.get();
    let panels = layer.panels();
    let weights = weights_at(weights, layer.conv.weights, [HALF_PANEL, panels.rows() * panels.kernel.width + 1]);
    // SAFETY: the layer was checked; the workspace and the weights are as large as it needs.
    unsafe { planar2d_in(run, &layer, weights, ws) }
}

/// # Safety
///
/// The layer was checked, `ws` has as many floats as it needs, and `weights` half a panel of biases and of each tap.
unsafe fn planar2d_in(run: Run<'_>, layer: &Planar2d, weights: *const f32, ws: *mut f32) {
    let Size { height, width } = layer.computed();
    let work = macs([height, width, HALF_PANEL, layer.conv.kernel.area()]);
    // SAFETY: the caller's promise; shares are strips of the output, which is not the input.
    unsafe { run.split(work, |share| Planar::new(layer, weights, ws, share)) };
}

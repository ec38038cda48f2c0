//! Transforming back.

use super::{M, N, Strip};
use crate::kernels::activation::Finish;
use crate::kernels::winograd::transform;
use crate::pack::PANEL;
use crate::simd::{Simd, UnsafeKernel};

/// M of a panel into the output or Y. M has the panel, of which the channels are the output's, for each point of the tile.
pub(super) struct Back<'a> {
    pub(super) strip: Strip<'a>,
    /// The first row of the tile.
    pub(super) tile: usize,
    /// The biases of the panel, and the distance to those of a second one.
    pub(super) weights: *const f32,
    pub(super) next: usize,
    /// The first channel, how many there are, and how many with padding.
    pub(super) channel: usize,
    pub(super) channels: usize,
    pub(super) width: usize,
    /// Whether M has the results, before the bias.
    pub(super) directly: bool,
}

impl UnsafeKernel for Back<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        let Self { strip, .. } = self;
        let finish = Finish::of(strip.columns.layer.conv.activation);
        let [m, distance] = strip.scratch.m;
        for x in 0..strip.width() {
            for channel in (0..self.channels).step_by(S::LANES) {
                let from = strip.start.wrapping_add(m + x * self.width + channel).cast_const();
                let bias = self.weights.wrapping_add(channel / PANEL * self.next + channel % PANEL);
                // SAFETY: M has the panel for each pixel and point, which begins with its biases; a result is in the output or
                // in Y.
                unsafe {
                    let mut values = [s.splat(0.0); N];
                    for (point, value) in values.iter_mut().enumerate() {
                        *value = s.load(from.add(point * distance));
                    }
                    let bias = s.load(bias);
                    let results = || core::array::from_fn(|y| values[y]);
                    let column: [S::Vec; M] = if self.directly { results() } else { transform::output(s, &values) };
                    for (y, value) in column.into_iter().enumerate().take(strip.rows - self.tile) {
                        let to = strip.result(self.tile + y, x).add(self.channel + channel);
                        s.store_first(to, finish.clamp(s, s.add(value, bias)), self.channels - channel);
                    }
                }
            }
        }
    }
}

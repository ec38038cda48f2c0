//! Outputs without Winograd's algorithm, from the weights that were packed for it: what is left of tiles with inputs that it is
//! [not for](super::range).
//!
//! That needs the filters as they were, and packed weights have only their values at points. These are more than there were taps, so
//! the taps come out by least squares, in double precision: to some 2^-22 of a filter's largest. One below `RESOLUTION` of it is
//! taken for 0, since that is what it may have been: of an infinite input it makes NaN, as PyTorch does.
//!
//! It takes ten to thirty times as long as the algorithm, and is for a few tiles.

use crate::exec::divide::div_rem;
use crate::kernels::gemm::Products;
use crate::pack::points::{MOST, MOST_TAPS, TapsMatrix, taps_matrix};
use crate::pack::{HALF_PANEL, PANEL};
use crate::simd::{Simd, UnsafeKernel};
use cnn_net::op::Size;

/// Numbers of output channels next to each other.
type F64x8 = [f64; HALF_PANEL];
/// Taps in one direction.
type Column = [F64x8; MOST_TAPS];

const ZERO: F64x8 = [0.0; HALF_PANEL];
/// What is less than that of the largest tap is 0.
const RESOLUTION: f64 = 1.0 / (1 << 20) as f64;

/// `sum + factor * x` in each lane.
#[inline(always)]
fn add_scaled(sum: &mut F64x8, x: &F64x8, factor: f64) {
    for lane in 0..HALF_PANEL {
        sum[lane] += x[lane] * factor;
    }
}

/// Treats the taps of a filter that are next to nothing as 0.
#[inline(always)]
fn clear_small(taps: &mut [Column]) {
    let mut least = ZERO;
    for tap in taps.as_flattened() {
        for lane in 0..HALF_PANEL {
            let magnitude = tap[lane].abs() * RESOLUTION;
            least[lane] = if magnitude > least[lane] { magnitude } else { least[lane] };
        }
    }
    for tap in taps.as_flattened_mut() {
        for lane in 0..HALF_PANEL {
            tap[lane] = if tap[lane].abs() < least[lane] { 0.0 } else { tap[lane] };
        }
    }
}

/// Eight floats.
///
/// # Safety
///
/// They must be readable.
#[inline(always)]
unsafe fn load(from: *const f32) -> F64x8 {
    // SAFETY: the caller's promise; an array of floats needs no more alignment than a float.
    unsafe { *from.cast::<[f32; HALF_PANEL]>() }.map(f64::from)
}

/// Transformed filters of some output channels: what follows the biases of a panel, or of two.
#[derive(Clone, Copy)]
pub(crate) struct Filters {
    /// The values of the first input at the first point.
    pub(crate) values: *const f32,
    /// The distance to those of a second panel.
    pub(crate) next: usize,
    /// Output channels, with padding.
    pub(crate) channels: usize,
    /// Points, in one direction.
    pub(crate) points: usize,
    /// Taps in one direction.
    pub(crate) taps: usize,
    /// Filters of an output channel that are transformed by themselves.
    pub(crate) inputs: usize,
}

impl Filters {
    /// Those that products are with.
    pub(crate) const fn of(products: &Products, points: usize, taps: usize) -> Self {
        let (values, next) = products.weights;
        Self { values, next, channels: products.width.channels(), points, taps, inputs: products.depth }
    }

    /// Values at a point of the filters of eight output channels from `first` on, for an input.
    ///
    /// # Safety
    ///
    /// All must be readable.
    #[inline(always)]
    unsafe fn at(&self, first: usize, point: usize, input: usize) -> F64x8 {
        let width = self.channels.min(PANEL);
        let at = first / PANEL * self.next + first % PANEL + (point * self.inputs + input) * width;
        // SAFETY: the caller's promise.
        unsafe { load(self.values.add(at)) }
    }

    /// Values at points in one direction, which `at` gives, times a matrix.
    #[inline(always)]
    fn taps(&self, matrix: &TapsMatrix, mut at: impl FnMut(usize) -> F64x8) -> Column {
        let mut taps = [ZERO; MOST_TAPS];
        for point in 0..self.points.min(MOST) {
            let values = at(point);
            for (tap, factors) in taps.iter_mut().zip(matrix).take(self.taps) {
                add_scaled(tap, &values, factors[point]);
            }
        }
        taps
    }

    /// The taps of filters that were transformed along columns.
    ///
    /// # Safety
    ///
    /// As for [`at`](Self::at).
    #[inline(always)]
    unsafe fn column(&self, matrix: &TapsMatrix, first: usize, input: usize) -> Column {
        // SAFETY: the caller's promise.
        let mut taps = self.taps(matrix, |point| unsafe { self.at(first, point, input) });
        clear_small(core::slice::from_mut(&mut taps));
        taps
    }

    /// The taps of filters that were transformed in both directions: row by row.
    ///
    /// # Safety
    ///
    /// As for [`at`](Self::at).
    #[inline(always)]
    unsafe fn square(&self, matrix: &TapsMatrix, first: usize, input: usize) -> [Column; MOST_TAPS] {
        let mut taps = [[ZERO; MOST_TAPS]; MOST_TAPS];
        for x in 0..self.points.min(MOST) {
            // SAFETY: the caller's promise.
            let column = self.taps(matrix, |y| unsafe { self.at(first, y * self.points + x, input) });
            for (row, values) in taps.iter_mut().zip(column).take(self.taps) {
                for (tap, factors) in row.iter_mut().zip(matrix).take(self.taps) {
                    add_scaled(tap, &values, factors[x]);
                }
            }
        }
        clear_small(&mut taps);
        taps
    }
}

/// The outputs of a tile. The pixels of all its windows and the weights are readable, and the outputs writable.
pub(crate) struct DirectTile {
    pub(crate) filters: Filters,
    /// The first input of the tile, and the distances of rows and of pixels.
    pub(crate) from: *const f32,
    pub(crate) row: usize,
    pub(crate) pixel: usize,
    /// Channels of a phase.
    pub(crate) channels: usize,
    pub(crate) stride: usize,
    pub(crate) kernel: usize,
    /// Side of the tile of outputs.
    pub(crate) tile: usize,
    /// Where the channels of the first output go, and the distance of values at two points: the output of row y and column x lies as the
    /// value at points y and x.
    pub(crate) to: (*mut f32, usize),
}

/// The highest and widest tile.
const MOST_SIDE: usize = 6;
/// Outputs of a tile, row by row.
type OutputTile = [[F64x8; MOST_SIDE]; MOST_SIDE];

impl UnsafeKernel for DirectTile {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, _: S) {
        let matrix = taps_matrix(self.filters.points, self.filters.taps);
        for first in (0..self.filters.channels).step_by(HALF_PANEL) {
            let mut sums = [[ZERO; MOST_SIDE]; MOST_SIDE];
            for input in 0..self.filters.inputs {
                // SAFETY: the caller's promise.
                unsafe {
                    let taps = self.filters.square(matrix, first, input);
                    self.add(input, &taps, &mut sums);
                }
            }
            for (y, row) in sums.iter().enumerate().take(self.tile) {
                for (x, sum) in row.iter().enumerate().take(self.tile) {
                    let point = y * self.filters.points + x;
                    let to = self.to.0.wrapping_add(point * self.to.1 + first).cast::<[f32; HALF_PANEL]>();
                    // SAFETY: the caller's promise.
                    unsafe { *to = sum.map(|sum| sum as f32) };
                }
            }
        }
    }
}

impl DirectTile {
    /// Adds the products of an input's filter.
    ///
    /// # Safety
    ///
    /// As the type's documentation says.
    #[inline(always)]
    unsafe fn add(&self, input: usize, taps: &[Column; MOST_TAPS], sums: &mut OutputTile) {
        let Self { stride, kernel, filters: Filters { taps: side, .. }, .. } = *self;
        let (phase, channel) = div_rem(input, self.channels);
        let (top, left) = div_rem(phase, stride);
        for (y, row) in taps.iter().enumerate().take(side) {
            for (x, tap) in row.iter().enumerate().take(side) {
                let [y, x] = [y * stride + top, x * stride + left];
                // Beyond the kernel a phase has zeros, which are not in the sum.
                if y >= kernel || x >= kernel {
                    continue;
                }
                for (row, sums) in sums.iter_mut().enumerate().take(self.tile) {
                    for (column, sum) in sums.iter_mut().enumerate().take(self.tile) {
                        let (row, column) = (row * stride + y, column * stride + x);
                        // SAFETY: the caller's promise.
                        let value = unsafe { *self.from.add(row * self.row + column * self.pixel + channel) };
                        add_scaled(sum, tap, value.into());
                    }
                }
            }
        }
    }
}

/// The outputs of a strip of whole rows whose filters were transformed along columns. The pixels of all its windows and the weights
/// are readable, and the outputs writable.
pub(crate) struct DirectRows {
    /// An input for each column of a filter and channel.
    pub(crate) filters: Filters,
    /// The first input of the strip, the distance of rows, and channels of a pixel.
    pub(crate) from: *const f32,
    pub(crate) row: usize,
    pub(crate) channels: usize,
    /// Rows and columns of outputs.
    pub(crate) size: Size,
    /// Where the channels of the first output go, and the distance to those of the next row.
    pub(crate) to: (*mut f32, usize),
}

impl UnsafeKernel for DirectRows {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, _: S) {
        let matrix = taps_matrix(self.filters.points, self.filters.taps);
        for first in (0..self.filters.channels).step_by(HALF_PANEL) {
            for x in 0..self.size.width {
                let mut sums = [ZERO; MOST_TAPS];
                for input in 0..self.filters.inputs {
                    // SAFETY: the caller's promise.
                    let taps = unsafe { self.filters.column(matrix, first, input) };
                    for (y, sum) in sums.iter_mut().enumerate().take(self.size.height) {
                        for (tap, factors) in taps.iter().enumerate().take(self.filters.taps) {
                            let at = (y + tap) * self.row + x * self.channels + input;
                            // SAFETY: as above.
                            add_scaled(sum, factors, unsafe { *self.from.add(at) }.into());
                        }
                    }
                }
                for (y, sum) in sums.iter().enumerate().take(self.size.height) {
                    let at = y * self.to.1 + x * self.filters.channels + first;
                    let to = self.to.0.wrapping_add(at);
                    // SAFETY: as above.
                    unsafe { *to.cast::<[f32; HALF_PANEL]>() = sum.map(|sum| sum as f32) };
                }
            }
        }
    }
}

/// The taps of eight filters, row by row.
pub(crate) type Untransformed = [[f32; HALF_PANEL]; MOST_TAPS * MOST_TAPS];

/// The taps of eight filters of up to 5x5 over a single channel that were transformed along columns.
///
/// # Safety
///
/// All of `filters` must be readable.
#[cold]
#[inline(never)]
pub(crate) unsafe fn untransformed(filters: &Filters) -> Untransformed {
    let matrix = taps_matrix(filters.points, filters.taps);
    let mut all = [[0.0; HALF_PANEL]; MOST_TAPS * MOST_TAPS];
    for x in 0..filters.inputs {
        // SAFETY: the caller's promise.
        let column = unsafe { filters.column(matrix, 0, x) };
        for (y, tap) in column.iter().enumerate().take(filters.taps) {
            if let Some(to) = all.get_mut(y * filters.inputs + x) {
                *to = tap.map(|tap| tap as f32);
            }
        }
    }
    all
}

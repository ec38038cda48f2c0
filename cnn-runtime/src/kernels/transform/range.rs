//! Which inputs Winograd's algorithm is for.
//!
//! A transform adds up all inputs of a tile, and what an output does not depend on cancels. So rounding errors are relative to the
//! largest input of the tile, also in outputs whose windows don't have it: of an infinite one all become NaN, and of a million among
//! ones all are off by a tenth. Hence a tile whose inputs differ too much is computed [directly](super::direct). What holds then:
//!
//! - **NaN and infinity are where the convolution as it is written down has them.** Only where transformed sums would overflow for the
//!   size of the weights (1e15 and more) may a NaN take the place of an infinity or spread over a tile.
//! - **Errors of finite outputs** are at most the table's number of units of 2^-24, times the sum of the magnitudes of the
//!   filter's weights, times the largest input of the tile; and that is at most `SPREAD` times the typical input of the image, or
//!   `CONTRAST` times the largest input of the output's own window. Typical is the geometric mean of inputs that are not zero.
//!
//! | F(2, 3) | F(3, 4) | F(4, 3) | F(4, 5) | F(5, 4) | F(6, 3) | F(4x1, 5) | F(5x1, 5) |
//! | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
//! | 3 | 11 | 14 | 37 | 47 | 102 | 22 | 31 |
//!
//! (The largest of 3000 random filters and tiles, and tiles with one input that is not 0; a sum over channels is off by less, since
//! errors have either sign.)
//!
//! Every tile is looked at while it is transformed: squares of its inputs, or of some values at points that have all inputs between
//! them, are added up and compared with a [`Limit`]. Beyond it, tiles in both directions are looked at [closely](InputTile::is_mixed): if
//! each window has inputs about as large as the largest, or a NaN, which its output is in any case, the transform will do. What could
//! pass unseen are several large inputs in one column that cancel each other at three points at once.
//!
//! All of that depends on the image alone, so results have the same bits for any number of threads and in any batch.

use crate::place::map::Map;
use crate::simd::Simd;

/// How much larger than the typical input those of a tile may be.
const SPREAD: f32 = 512.0;
/// How much larger than those of a window those of its tile may be, beyond the limit.
const CONTRAST: f32 = 64.0;
/// Where transforms and products are still far from overflowing, whatever is summed up.
const LARGEST: f32 = 1e15;

/// The range that an image's inputs may have.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    largest: f32,
}

impl Limit {
    /// A limit that only values that are infinite, or nearly so, exceed.
    pub(crate) const LARGEST: Self = Self { largest: LARGEST };

    /// The limit for the image of a workspace.
    ///
    /// # Safety
    ///
    /// All elements of the map must be readable in the workspace.
    pub(crate) unsafe fn of(input: &Map, ws: *const f32) -> Self {
        // SAFETY: the caller's promise.
        let typical = unsafe { typical(input, ws.add(input.offset)) };
        Self { largest: (SPREAD * typical).min(LARGEST) }
    }
}

/// Elements that are looked at for what is typical, in rounds: in each round they are in different rows and columns.
const ROUND: usize = 8;
/// How many that are not zero are enough.
const ENOUGH: u64 = 8;
/// With fewer, all elements are looked at.
const LEAST: u64 = 3;

/// The geometric mean of some of the elements that are finite and not zero; 0 if none is. Being a mean of exponents, it hardly
/// knows of a few large ones.
///
/// # Safety
///
/// All elements of the map must be readable, the first one at `from`.
#[inline(never)]
unsafe fn typical(input: &Map, from: *const f32) -> f32 {
    let Map { height, width, channels, row, pixel, .. } = *input;
    let mut mean = LogMean::default();
    let mut round = 0;
    while round < ROUND && mean.count < ENOUGH {
        for x in 0..ROUND {
            let y = (3 * x + round) % ROUND;
            let [y, x, c] = [y * height, x * width, (x + ROUND * y) * channels / ROUND].map(|at| at / ROUND);
            // SAFETY: an element of the map.
            mean.add(unsafe { *from.add(y * row + x * pixel + c) });
        }
        round += 1;
    }
    if mean.count < LEAST {
        mean = LogMean::default();
        for y in 0..height {
            for x in 0..width {
                let from = from.wrapping_add(y * row + x * pixel);
                // SAFETY: as above.
                (0..channels).for_each(|c| mean.add(unsafe { *from.add(c) }));
            }
        }
    }
    mean.value()
}

/// The bits of a float are nearly its logarithm: between powers of two they rise evenly.
#[derive(Default)]
struct LogMean {
    sum: u64,
    count: u64,
}

impl LogMean {
    #[inline(always)]
    fn add(&mut self, x: f32) {
        let bits = x.to_bits() & !(1 << 31);
        let counts = bits != 0 && bits < f32::INFINITY.to_bits();
        self.sum += u64::from(if counts { bits } else { 0 });
        self.count += u64::from(counts);
    }

    fn value(&self) -> f32 {
        f32::from_bits(self.sum.checked_div(self.count).unwrap_or(0) as u32)
    }
}

/// `sum` and the squares of some numbers.
#[inline(always)]
pub(crate) fn squares<S: Simd>(s: S, numbers: &[S::Vec], sum: S::Vec) -> S::Vec {
    numbers.iter().fold(sum, |sum, number| s.mul_add(*number, *number, sum))
}

/// `sum` and the squares of some values at points of a column, `N` even: less work than those of its inputs. Those at 0 and at infinity
/// have every input between them, with factors of at least 1; where equal inputs cancel in both, they don't in a third.
#[inline(always)]
pub(crate) fn squares_of_values<S: Simd, const N: usize>(s: S, values: &[S::Vec; N], sum: S::Vec) -> S::Vec {
    squares(s, &[values[0], values[1], values[N - 1]], sum)
}

/// Checks whether sums of squares are within a limit. NaN is not.
#[derive(Clone, Copy)]
pub(crate) struct Watch<S: Simd> {
    limit: S::Vec,
    /// One that is not, in each lane that has one.
    beyond: S::Vec,
}

impl<S: Simd> Watch<S> {
    #[inline(always)]
    pub(crate) fn new(s: S, limit: Limit) -> Self {
        Self { limit: s.splat(limit.largest * limit.largest), beyond: s.splat(0.0) }
    }

    #[inline(always)]
    pub(crate) fn look(&mut self, s: S, squares: S::Vec) {
        self.beyond = s.select(s.less_or_equal(squares, self.limit), self.beyond, squares);
    }

    /// Checks the first `count` lanes.
    #[inline(always)]
    pub(crate) fn look_first(&mut self, s: S, squares: S::Vec, count: usize) {
        let seen = if count < S::LANES { s.select(s.first_lanes(count), squares, s.splat(0.0)) } else { squares };
        self.look(s, seen);
    }

    /// Whether all were.
    #[inline(always)]
    pub(crate) fn within(self, s: S) -> bool {
        let one = s.splat(1.0);
        let within = s.select(s.less_or_equal(self.beyond, self.limit), s.splat(0.0), one);
        !s.any(s.less_or_equal(one, within))
    }
}

/// A tile of an input, beyond the limit.
pub(crate) struct InputTile {
    /// The first channel of the first pixel.
    pub(crate) from: *const f32,
    /// Distances of rows and of pixels.
    pub(crate) row: usize,
    pub(crate) pixel: usize,
    pub(crate) channels: usize,
    /// Pixels that are transformed, in each direction.
    pub(crate) side: usize,
    /// Windows whose outputs are stored: rows and columns.
    pub(crate) windows: [usize; 2],
    /// Their distance and their side.
    pub(crate) stride: usize,
    pub(crate) kernel: usize,
}

impl InputTile {
    /// Whether the outputs of some windows would have errors of what is not in them.
    ///
    /// # Safety
    ///
    /// The pixels of the tile must be readable.
    #[cold]
    #[inline(never)]
    pub(crate) unsafe fn is_mixed(&self, limit: Limit) -> bool {
        // SAFETY: the caller's promise; the windows are in the tile.
        let largest = |y: usize, x: usize, side: usize| unsafe { self.largest(y, x, side) };
        let all = largest(0, 0, self.side);
        if all <= limit.largest {
            return false;
        }
        // A window that has a NaN gives one in any case.
        let is_fine = |largest: f32| largest.is_nan() || all <= LARGEST && largest >= all / CONTRAST;
        let [rows, columns] = self.windows;
        let window = |y: usize, x: usize| largest(y * self.stride, x * self.stride, self.kernel);
        !(0..rows).all(|y| (0..columns).all(|x| is_fine(window(y, x))))
    }

    /// The largest magnitude in a square, or NaN if that is in it.
    ///
    /// # Safety
    ///
    /// Its pixels must be readable.
    unsafe fn largest(&self, top: usize, left: usize, side: usize) -> f32 {
        let mut largest = 0.0;
        for y in top..top + side {
            for x in left..left + side {
                for c in 0..self.channels {
                    // SAFETY: the caller's promise.
                    let value = unsafe { *self.from.add(y * self.row + x * self.pixel + c) }.abs();
                    largest = if value > largest || value.is_nan() { value } else { largest };
                    if largest.is_nan() {
                        return largest;
                    }
                }
            }
        }
        largest
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;
    use crate::kernels::transform;
    use crate::simd::scalar::Scalar;

    /// Numbers as a ReLU leaves them, half of them zero, in a map.
    fn sparse(map: &Map, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        // Products have many small numbers and some large ones.
        (0..map.elements()).map(|_| 4.0 * next() * next() * next()).map(|x| if x < 0.0 { 0.0 } else { x }).collect()
    }

    /// Whether a column of N inputs, four next to each other, is within the limit.
    fn within<const N: usize>(inputs: &[f32], limit: Limit) -> bool {
        let s = Scalar::detect().expect("always there");
        let values = core::array::from_fn::<_, N, _>(|y| core::array::from_fn(|x| inputs[y * 4 + x]));
        let mut watch = Watch::new(s, limit);
        watch.look(s, squares_of_values(s, &transform::input(s, &values), s.splat(0.0)));
        watch.within(s)
    }

    fn check<const N: usize>() {
        let map = Map::dense(0, 20, 9, 4);
        for seed in 0..50 {
            let image = sparse(&map, seed);
            // SAFETY: the image has an element for each of the map.
            let limit = unsafe { Limit::of(&map, image.as_ptr()) };
            for start in (0..image.len() - 4 * N).step_by(4) {
                let column = &image[start..][..4 * N];
                assert!(within::<N>(column, limit), "numbers of a usual map are beyond its limit");
                for at in 0..4 * N {
                    for large in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 1e6, -1e6] {
                        let mut column = column.to_vec();
                        column[at] = large;
                        assert!(!within::<N>(&column, limit), "{large} at {at} of {N} rows");
                    }
                }
                let mut equal = column.to_vec();
                (0..N).for_each(|y| equal[4 * y + 1] = 1e6);
                assert!(!within::<N>(&equal, limit), "a column of equal numbers");
            }
        }
    }

    #[test]
    fn large_numbers_are_seen_wherever_they_are() {
        check::<4>();
        check::<6>();
        check::<8>();
    }

    #[test]
    fn what_is_typical_does_not_follow_a_few() {
        for pixel in [3, 5] {
            let map = Map { pixel, row: 30 * pixel, ..Map::dense(0, 20, 30, 3) };
            let typical = |value: &dyn Fn(usize, usize) -> f32| {
                let mut image = vec![f32::NAN; map.end()];
                for at in 0..map.pixels() {
                    let (y, x) = (at / map.width, at % map.width);
                    image[map.at(y, x)..][..3].fill(value(y, x));
                }
                // SAFETY: the image has all elements of the map.
                unsafe { typical(&map, image.as_ptr()) }
            };
            assert_eq!(typical(&|_, _| -2.0), 2.0);
            assert_eq!(typical(&|_, _| 0.0), 0.0);
            assert_eq!(typical(&|_, _| f32::NAN), 0.0);
            // One pixel that is not zero, wherever it is.
            assert_eq!(typical(&|y, x| if (y, x) == (17, 3) { 0.25 } else { 0.0 }), 0.25);
            for spikes in [&|y: usize, _: usize| y.is_multiple_of(5), &|_: usize, x: usize| x == 2]
                as [&dyn Fn(usize, usize) -> bool; 2]
            {
                let found = typical(&|y, x| if spikes(y, x) { 1e6 } else { 1.0 });
                assert!((1.0..1e6 / SPREAD).contains(&found), "{found}");
            }
        }
    }
}

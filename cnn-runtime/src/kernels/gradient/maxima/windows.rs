//! The maxima under windows.

use core::ops::Range;

use crate::exec::divide::{div, div_ceil};
use crate::exec::run::Partition;
use crate::kernels::pool::{Axis, part};
use crate::place::map::Map;
use crate::simd::{Kernel, Simd};

/// Windows in one direction.
pub(super) trait Windows: Copy {
    /// The first row or column of a window, and how many there are.
    fn taps(self, window: usize) -> (usize, usize);

    /// The distance between them.
    fn step(self) -> usize;

    /// How many windows after one the next one is that does not overlap it.
    fn apart(self) -> usize;

    /// Whether each row or column is in one, of this many, and no other.
    fn tile(self, count: usize) -> bool;
}

impl Windows for Axis {
    #[inline(always)]
    fn taps(self, window: usize) -> (usize, usize) {
        let span = self.span(window);
        (span.first, span.taps)
    }

    #[inline(always)]
    fn step(self) -> usize {
        self.dilation
    }

    #[inline(always)]
    fn apart(self) -> usize {
        div((self.taps - 1) * self.dilation, self.stride) + 1
    }

    #[inline(always)]
    fn tile(self, count: usize) -> bool {
        self.tile(count)
    }
}

/// Parts of the whole.
#[derive(Clone, Copy)]
pub(super) struct Parts {
    pub(super) size: usize,
    /// How many there are.
    pub(super) count: usize,
}

impl Windows for Parts {
    #[inline(always)]
    fn taps(self, window: usize) -> (usize, usize) {
        part(self.size, self.count, window)
    }

    #[inline(always)]
    fn step(self) -> usize {
        1
    }

    #[inline(always)]
    fn apart(self) -> usize {
        // They overlap by a row or a column at most, unless there are more of them than there are rows or columns.
        if self.count <= self.size { self.count.min(2) } else { self.count }
    }

    #[inline(always)]
    fn tile(self, _: usize) -> bool {
        self.count == 1
    }
}

/// The maps of a maximum.
#[derive(Clone, Copy)]
pub(super) struct Maps {
    pub(super) input: Map,
    pub(super) upstream: Map,
    pub(super) output: Map,
}

/// Some channels of a gradient.
pub(super) struct Maxima<W> {
    maps: Maps,
    rows: W,
    columns: W,
    ws: *mut f32,
    partition: Partition,
}

impl<W> Maxima<W> {
    /// # Safety
    ///
    /// The maps lie in `ws`, the output apart from the others; it is of the input's size, all have as many channels, and the windows
    /// lie in the input. Other threads have other partitions.
    pub(super) unsafe fn new(maps: Maps, [rows, columns]: [W; 2], ws: *mut f32, partition: Partition) -> Self {
        Self { maps, rows, columns, ws, partition }
    }
}

impl<W: Windows> Kernel for Maxima<W> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { maps: Maps { upstream, output, .. }, rows, columns, .. } = self;
        let channels = output.channels;
        let tiles = rows.tile(upstream.height) && columns.tile(upstream.width);
        let vectors = self.partition.of(div_ceil(channels, S::LANES));
        if !tiles {
            self.clear(s, &vectors);
        }
        // Rows come first: those under a row of windows stay in the cache for all channels.
        for y in 0..upstream.height {
            for vector in vectors.clone() {
                self.windows(s, y, vector * S::LANES);
            }
        }
    }
}

impl<W: Windows> Maxima<W> {
    /// Zeroes some vectors of channels, of all pixels.
    #[inline(always)]
    fn clear<S: Simd>(&self, s: S, vectors: &Range<usize>) {
        let output = &self.maps.output;
        for y in 0..output.height {
            for x in 0..output.width {
                for c in vectors.clone().map(|vector| vector * S::LANES) {
                    // SAFETY: channels of a pixel of the output.
                    unsafe { s.store_first(self.ws.add(output.at(y, x) + c), s.splat(0.0), output.channels - c) };
                }
            }
        }
    }

    /// Takes a row of windows, of a vector of channels from `c` on.
    #[inline(always)]
    fn windows<S: Simd>(&self, s: S, y: usize, c: usize) {
        let Self { maps: Maps { input, upstream, output }, rows, columns, ws, .. } = *self;
        let [down, right] = [rows.apart(), columns.apart()];
        let step = |map: Map| [rows.step() * map.row, columns.step() * map.pixel];
        let (row, height) = rows.taps(y);
        // Of windows next to each other, one is added to what the other has just stored, for which a CPU has to wait. So others
        // come between them.
        let turns = right.clamp(1, upstream.width.max(1));
        let columns_in_turn = (0..turns).flat_map(|first| (first..upstream.width).step_by(turns));
        for x in columns_in_turn {
            let (column, width) = columns.taps(x);
            let window = Window {
                from: ws.wrapping_add(input.at(row, column) + c),
                to: ws.wrapping_add(output.at(row, column) + c),
                from_step: step(input),
                to_step: step(output),
                count: output.channels - c,
                apart: down == 1 && right == 1,
            };
            // SAFETY: channels of pixels that lie in the maps.
            unsafe {
                let gradient = s.load_first(ws.add(upstream.at(y, x) + c), window.count);
                match [height, width] {
                    [2, 2] => window.whole::<S, 2, 2>(s, gradient),
                    [3, 3] => window.whole::<S, 3, 3>(s, gradient),
                    size => window.any(s, size, gradient),
                }
            }
        }
    }
}

/// A vector of channels under a window.
#[derive(Clone, Copy)]
struct Window {
    from: *const f32,
    to: *mut f32,
    from_step: [usize; 2],
    to_step: [usize; 2],
    /// How many channels there are.
    count: usize,
    /// Whether no other window has the same pixels.
    apart: bool,
}

impl Window {
    /// A window of this size.
    ///
    /// # Safety
    ///
    /// It lies in both maps, and so for [`any`](Self::any).
    #[inline(always)]
    unsafe fn whole<S: Simd, const H: usize, const W: usize>(self, s: S, gradient: S::Vec) {
        let mut values = [[s.splat(0.0); W]; H];
        let mut largest = s.splat(f32::NEG_INFINITY);
        for (i, row) in values.iter_mut().enumerate() {
            for (j, value) in row.iter_mut().enumerate() {
                // SAFETY: the caller's promise.
                *value = unsafe { self.load(s, [i, j]) };
                largest = s.max_or_nan(largest, *value);
            }
        }
        let mut rest = gradient;
        for (i, row) in values.into_iter().enumerate() {
            for (j, value) in row.into_iter().enumerate() {
                // SAFETY: the caller's promise.
                rest = unsafe { self.pass(s, [i, j], s.less(value, largest), rest) };
            }
        }
    }

    /// A window of any size.
    ///
    /// # Safety
    ///
    /// As for [`whole`](Self::whole).
    #[inline(always)]
    unsafe fn any<S: Simd>(self, s: S, [height, width]: [usize; 2], gradient: S::Vec) {
        let mut largest = s.splat(f32::NEG_INFINITY);
        for i in 0..height {
            for j in 0..width {
                // SAFETY: the caller's promise.
                largest = s.max_or_nan(largest, unsafe { self.load(s, [i, j]) });
            }
        }
        let mut rest = gradient;
        for i in 0..height {
            for j in 0..width {
                // SAFETY: the caller's promise.
                rest = unsafe { self.pass(s, [i, j], s.less(self.load(s, [i, j]), largest), rest) };
            }
        }
    }

    /// # Safety
    ///
    /// The pixel lies under the window.
    #[inline(always)]
    unsafe fn load<S: Simd>(self, s: S, [i, j]: [usize; 2]) -> S::Vec {
        // SAFETY: the caller's promise.
        unsafe { s.load_first(self.from.add(i * self.from_step[0] + j * self.from_step[1]), self.count) }
    }

    /// Gives a pixel what is left of the gradient, in lanes in which it is not less than another; returns what is then left.
    ///
    /// # Safety
    ///
    /// The pixel lies under the window.
    #[inline(always)]
    unsafe fn pass<S: Simd>(self, s: S, [i, j]: [usize; 2], less: S::Mask, rest: S::Vec) -> S::Vec {
        let zero = s.splat(0.0);
        let to = self.to.wrapping_add(i * self.to_step[0] + j * self.to_step[1]);
        let passed = s.select(less, zero, rest);
        // SAFETY: the caller's promise.
        unsafe {
            let sum = if self.apart { passed } else { s.add(s.load_first(to, self.count), passed) };
            s.store_first(to, sum, self.count);
        }
        s.select(less, rest, zero)
    }
}

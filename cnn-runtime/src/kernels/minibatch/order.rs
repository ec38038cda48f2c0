//! Tensors between the order of their files and that of kernels, and sums of tensors.

use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::place::bounds::{Checked, Reach, Region};
use crate::place::spans::{Span, assert_apart, enter_shared};
use crate::simd::{Kernel, Simd};
use cnn_net::record;

/// Transposes matrices: from `[rows][pixels][channels]`, in which kernels have the gradients of raw weights, to
/// `[rows][channels][pixels]`, the order of their tensors. With `pixels` and `channels` swapped it is its own inverse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reorder {
    /// Where they begin.
    pub from: usize,
    /// Where they are written.
    pub to: usize,
    /// How many matrices there are.
    pub rows: usize,
    /// Rows of one.
    pub pixels: usize,
    /// Columns of one.
    pub channels: usize,
    /// Whether they are added to what is there.
    pub adds: bool,
}

/// Adds numbers to others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accumulate {
    /// Where they begin.
    pub from: usize,
    /// Where they are added.
    pub to: usize,
    /// How many there are.
    pub len: usize,
}

record! {
    Reorder(from: usize, to: usize, rows: usize, pixels: usize, channels: usize) { adds: bool = false }
}
record! { Accumulate(from: usize, to: usize, len: usize) }
batch_call! { Reorder = reorder, shared }
batch_call! { Accumulate = accumulate, shared }

impl Reorder {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If there is nothing to transpose, or what is read overlaps what is written.
    pub const fn check(self) -> Checked<Self> {
        // Otherwise there could be any number of them.
        assert!(self.rows > 0 && self.pixels > 0 && self.channels > 0, "empty matrices");
        let [from, to] = self.spans();
        assert_apart(&[to], &[from]);
        Checked::new(self, Reach::of(Region::span(0, 0)))
    }

    /// What is read, and what is written.
    const fn spans(&self) -> [Span; 2] {
        let factors = [self.rows, self.pixels, self.channels];
        [Span::new(self.from, &factors), Span::new(self.to, &factors)]
    }
}

impl Accumulate {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the two overlap.
    pub const fn check(self) -> Checked<Self> {
        let [from, to] = self.spans();
        assert_apart(&[to], &[from]);
        Checked::new(self, Reach::of(Region::span(0, 0)))
    }

    /// What is read, and what is written.
    const fn spans(&self) -> [Span; 2] {
        [Span::new(self.from, &[self.len]), Span::new(self.to, &[self.len])]
    }
}

/// Transposes matrices.
///
/// # Panics
///
/// If `shared` ends early.
#[inline(always)]
pub fn reorder(run: Run<'_>, layer: &Checked<Reorder>, shared: &mut [f32]) {
    let layer = layer.get();
    let shared = enter_shared(shared, &[&layer.spans()]);
    // SAFETY: the layer was checked; the shared floats are as many as it needs.
    unsafe { reorder_in(run, &layer, shared) }
}

/// Adds numbers to others.
///
/// # Panics
///
/// If `shared` ends early.
#[inline(always)]
pub fn accumulate(run: Run<'_>, layer: &Checked<Accumulate>, shared: &mut [f32]) {
    let layer = layer.get();
    let shared = enter_shared(shared, &[&layer.spans()]);
    // SAFETY: the layer was checked; the shared floats are as many as it needs.
    unsafe { accumulate_in(run, &layer, shared) }
}

/// # Safety
///
/// The layer was checked, and the shared floats are as many as it needs.
unsafe fn reorder_in(run: Run<'_>, layer: &Reorder, shared: *mut f32) {
    let Reorder { rows, pixels, channels, .. } = *layer;
    let each_row = |partition: Partition| {
        for row in partition.of(rows) {
            // SAFETY: the caller's promise; it is one of the matrices.
            unsafe { transpose(layer, shared, row) };
        }
    };
    // SAFETY: partitions are matrices, and what is read is not written.
    unsafe { run.each_partition(nanos_of_floats([4, rows, pixels, channels]), each_row) };
    run.done();
}

/// Columns that are read while their lines are in the cache.
const BLOCK: usize = 16;
/// Rows whose lines are in the cache at a time: as many as fit even where all have the same place in it, or the same two.
const LINES: usize = 16;

/// # Safety
///
/// As for [`reorder_in`], and there is such a matrix.
unsafe fn transpose(layer: &Reorder, shared: *mut f32, row: usize) {
    let Reorder { pixels, channels, adds, .. } = *layer;
    let first = row * pixels * channels;
    let (from, to) = (shared.wrapping_add(layer.from + first), shared.wrapping_add(layer.to + first));
    for pixel in (0..pixels).step_by(LINES) {
        let end = pixels.min(pixel + LINES);
        for channel in (0..channels).step_by(BLOCK) {
            for channel in channel..channels.min(channel + BLOCK) {
                for pixel in pixel..end {
                    // SAFETY: these are numbers of the matrix.
                    unsafe {
                        let number = *from.wrapping_add(pixel * channels + channel);
                        let to = to.wrapping_add(channel * pixels + pixel);
                        *to = if adds { *to + number } else { number };
                    }
                }
            }
        }
    }
}

/// # Safety
///
/// The layer was checked, and the shared floats are as many as it needs.
unsafe fn accumulate_in(run: Run<'_>, layer: &Accumulate, shared: *mut f32) {
    let Accumulate { from, to, len } = *layer;
    let (from, to) = (shared.wrapping_add(from), shared.wrapping_add(to));
    // SAFETY: the caller's promise; partitions are different numbers.
    unsafe { run.split(nanos_of_floats([3, len]), |partition| Addition::new(from, to, len, partition)) };
}

/// Some of the numbers.
struct Addition {
    from: *const f32,
    to: *mut f32,
    len: usize,
    partition: Partition,
}

impl Addition {
    /// # Safety
    ///
    /// As many floats are readable and writable; other threads have other partitions.
    unsafe fn new(from: *const f32, to: *mut f32, len: usize, partition: Partition) -> Self {
        Self { from, to, len, partition }
    }
}

impl Kernel for Addition {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let range = self.partition.of(self.len);
        for i in range.clone().step_by(S::LANES) {
            let (from, to, count) = (self.from.wrapping_add(i), self.to.wrapping_add(i), range.end - i);
            // SAFETY: no more than these numbers are touched.
            unsafe { s.store_first(to, s.add(s.load_first(to, count), s.load_first(from, count)), count) };
        }
    }
}

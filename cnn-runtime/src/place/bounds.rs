//! The checks that memory safety rests on.
//!
//! Kernels compute in one workspace with raw pointers. What a kernel reads and writes follows from its descriptor alone, so a
//! descriptor is checked once, into a [`Checked`], and a call compares two lengths. In code that `network!` emits the check is
//! part of a constant, and the lengths are constants too, so both happen while rustc runs.
//!
//! The check ensures
//!
//! - that all numbers are small enough for every product that a kernel computes from them,
//! - that neither rows nor pixels overlap, so that threads can share a map by rows, pixels or channels,
//! - how many floats the workspace must have,
//! - that what is written is not what is read, unless they are the same map and the kernel allows that.
//!
//! # Vectors at the edges
//!
//! A kernel may load a vector that reaches past the last channel of a pixel, and drop those lanes: the map *spills*. No thread
//! may write these floats meanwhile. In a plan there is room after each map ([`SLACK`]). Where it is missing, as between slices
//! of one map, the kernel runs on a single thread, which can't race with itself. Maps that are also the output, or may be
//! anywhere next to it, are read exactly.

use core::fmt;

use crate::exec::run::Run;
use crate::place::map::Map;
use crate::place::workspace::{Batch, SLACK};

/// A descriptor that its `check` found sound for workspaces of at least [`floats`](Self::floats).
///
/// Only `check` makes one, so a kernel that takes one can't be made to reach outside the workspace.
#[derive(Clone, Copy, PartialEq)]
#[must_use = "a kernel takes it"]
pub struct Checked<L> {
    layer: L,
    reach: Reach,
}

impl<L: Copy> Checked<L> {
    /// For a descriptor whose reach is known.
    pub(crate) const fn new(layer: L, reach: Reach) -> Self {
        Self { layer, reach }
    }

    /// The descriptor.
    pub const fn get(&self) -> L {
        self.layer
    }

    /// Floats that the workspace must have at least.
    pub const fn floats(&self) -> usize {
        self.reach.floats
    }

    /// Where the workspace is, if it is large enough, and how to run.
    ///
    /// # Panics
    ///
    /// If it is too small.
    #[inline(always)]
    pub(crate) fn enter<'a>(&self, run: Run<'a>, ws: &mut [f32]) -> (Run<'a>, *mut f32) {
        assert!(self.reach.floats <= ws.len(), "the workspace is too small");
        (self.reach.restrict(run), ws.as_mut_ptr())
    }

    /// Where the workspaces of a batch are, if each is large enough, and how to run.
    ///
    /// # Panics
    ///
    /// If one is too small, or `ws` has no room for all.
    #[inline(always)]
    pub(crate) fn enter_batch<'a>(&self, run: Run<'a>, batch: Batch, ws: &mut [f32]) -> (Run<'a>, *mut f32) {
        let all = batch.images.checked_mul(batch.floats);
        assert!(all.is_some_and(|all| all <= ws.len()), "the workspace is too small for a batch");
        assert!(self.reach.floats <= batch.floats, "the workspace of an image is too small");
        (self.reach.restrict(run), ws.as_mut_ptr())
    }
}

impl<L: fmt::Debug> fmt::Debug for Checked<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.layer.fmt(f)
    }
}

/// The packed weights of a kernel, if there are as many as it reads: a product of numbers, from `offset` on.
///
/// # Panics
///
/// If there are not.
#[inline(always)]
pub(crate) fn weights_at<const N: usize>(weights: &[f32], offset: usize, factors: [usize; N]) -> *const f32 {
    let end = match product(&factors) {
        Some(len) => len.checked_add(offset),
        None => None,
    };
    assert!(end.is_some_and(|end| end <= weights.len()), "weights end early");
    weights.as_ptr().wrapping_add(offset)
}

/// The product, unless it overflows.
#[inline(always)]
pub(crate) const fn product(factors: &[usize]) -> Option<usize> {
    let mut product = 1_usize;
    let mut i = 0;
    while i < factors.len() {
        product = match product.checked_mul(factors[i]) {
            Some(product) => product,
            None => return None,
        };
        i += 1;
    }
    Some(product)
}

/// Panics if a product that a kernel computes is larger than any workspace or array of weights can be. A factor of 0 counts as 1,
/// so that the others are bounded too.
pub(crate) const fn assert_product(factors: &[usize]) {
    bounded_product(factors);
}

/// The product that [`assert_product`] asserts.
pub(crate) const fn bounded_product(factors: &[usize]) -> usize {
    let mut product = 1_usize;
    let mut i = 0;
    while i < factors.len() {
        let factor = if factors[i] == 0 { 1 } else { factors[i] };
        match product.checked_mul(factor) {
            Some(next) if next <= MOST => product = next,
            _ => panic!("sizes overflow"),
        }
        i += 1;
    }
    product
}

/// No slice has more floats than this.
const MOST: usize = isize::MAX as usize / size_of::<f32>();

/// No rows or pixels are farther apart than this. It bounds the steps of a single row or pixel, which no length does: a kernel may
/// compute where the next ones would be, up to the end of a tile.
const FARTHEST: usize = MOST / 16;

/// `at + count * step`, if a slice can have that many floats.
const fn advance(at: usize, count: usize, step: usize) -> usize {
    let end = match count.checked_mul(step) {
        Some(distance) => at.checked_add(distance),
        None => None,
    };
    match end {
        Some(end) if end <= MOST => end,
        _ => panic!("a map is larger than memory"),
    }
}

/// Floats that a kernel reads or writes: a range, and what it is a part of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Region {
    /// The first float.
    start: usize,
    /// One past the last.
    end: usize,
    row: usize,
    pixel: usize,
    channels: usize,
    /// Floats past the end of a pixel that may be loaded, and are dropped.
    spill: usize,
}

impl Region {
    /// The elements of a map.
    ///
    /// # Panics
    ///
    /// If it has none, if its rows or pixels overlap, or if its numbers overflow.
    pub(crate) const fn of(map: &Map) -> Self {
        let Map { offset, height, width, channels, row, pixel } = *map;
        assert!(height > 0 && width > 0 && channels > 0, "a map without elements");
        assert!(row <= FARTHEST && pixel <= FARTHEST, "steps larger than memory");
        assert!(width == 1 || pixel >= channels, "pixels overlap");
        let line = advance(advance(0, width - 1, pixel), 1, channels);
        assert!(height == 1 || row >= line, "rows overlap");
        let end = advance(advance(offset, height - 1, row), 1, line);
        Self { start: offset, end, row, pixel, channels, spill: 0 }
    }

    /// All elements of a map, and the part of its halo that windows over it cover.
    ///
    /// # Panics
    ///
    /// If the map has no elements; if windows or taps don't move; if the first one begins before the workspace.
    pub(crate) const fn windows(map: &Map, vertical: Windows, horizontal: Windows) -> Self {
        let whole = Self::of(map);
        let [strides, dilations] = [[vertical.stride, horizontal.stride], [vertical.dilation, horizontal.dilation]];
        assert_steps(map, strides);
        assert_steps(map, dilations);
        let before = advance(advance(0, vertical.before, map.row), horizontal.before, map.pixel);
        assert!(before <= map.offset, "windows begin before the workspace");
        let start = map.offset - before;
        let end = advance(start, vertical.extent() - 1, map.row);
        let end = advance(advance(end, horizontal.extent() - 1, map.pixel), 1, map.channels);
        Self { start, end: if end > whole.end { end } else { whole.end }, ..whole }
    }

    /// `len` floats next to each other.
    pub(crate) const fn span(offset: usize, len: usize) -> Self {
        let end = advance(offset, 1, len);
        Self { start: offset, end, row: len, pixel: len, channels: len, spill: 0 }
    }

    /// The number of floats from the first to the last.
    pub(crate) const fn len(&self) -> usize {
        self.end - self.start
    }

    /// The same, read in whole vectors.
    pub(crate) const fn spilling(self) -> Self {
        Self { spill: SLACK - 1, ..self }
    }

    /// Whether it is disjoint from what is written, including `spill` floats after each pixel.
    const fn is_apart(&self, written: &Self, spill: usize) -> bool {
        if self.end + spill <= written.start || written.end <= self.start {
            return true;
        }
        // Slices of one map: the same channels of all its pixels.
        let pixel = self.pixel;
        let slices = pixel == written.pixel && pixel > 0;
        if !slices || !self.row.is_multiple_of(pixel) || !written.row.is_multiple_of(pixel) {
            return false;
        }
        let (from, to) = (self.start % pixel, written.start % pixel);
        let ahead = if to >= from { to - from } else { to + pixel - from };
        ahead >= self.channels + spill && ahead + written.channels <= pixel
    }
}

/// Windows over a map with its halo, in one direction.
#[derive(Clone, Copy)]
pub(crate) struct Windows {
    /// How many there are.
    pub(crate) count: usize,
    /// The distance between two windows.
    pub(crate) stride: usize,
    /// Taps of one window.
    pub(crate) taps: usize,
    /// The distance between two taps.
    pub(crate) dilation: usize,
    /// Rows or columns of the halo that the first window covers.
    pub(crate) before: usize,
}

impl Windows {
    /// Rows or columns that they cover.
    const fn extent(self) -> usize {
        let Self { count, stride, taps, dilation, .. } = self;
        assert!(count > 0 && taps > 0, "no windows, or windows without taps");
        assert!((count == 1 || stride > 0) && (taps == 1 || dilation > 0), "windows or taps that don't move");
        advance(advance(advance(0, count - 1, stride), taps - 1, dilation), 1, 1)
    }
}

/// What a descriptor reads and writes, collected during the check: first what is written, then what is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reach {
    /// Floats that the workspace must have.
    floats: usize,
    /// Whether only one thread may run the kernel.
    alone: bool,
    output: Region,
    scratch: Option<Region>,
}

impl Reach {
    /// For a kernel that writes a region.
    pub(crate) const fn of(output: Region) -> Self {
        Self { floats: output.end, alone: false, output, scratch: None }
    }

    /// For a kernel that writes a map.
    pub(crate) const fn to(output: &Map) -> Self {
        Self::of(Region::of(output))
    }

    /// Adds scratch memory, disjoint from the output.
    pub(crate) const fn scratch(self, offset: usize, len: usize) -> Self {
        let scratch = Region::span(offset, len);
        assert!(scratch.is_apart(&self.output, 0), "scratch memory overlaps the output");
        Self { scratch: Some(scratch), ..self.covering(scratch.end) }
    }

    /// Adds a region that is read, and not written by the same kernel.
    pub(crate) const fn reads(self, region: Region) -> Self {
        assert!(region.is_apart(&self.output, 0), "what is read overlaps the output");
        let mut alone = self.alone || !region.is_apart(&self.output, region.spill);
        if let Some(scratch) = &self.scratch {
            assert!(region.is_apart(scratch, 0), "what is read overlaps scratch memory");
            alone |= !region.is_apart(scratch, region.spill);
        }
        Self { alone, ..self.covering(region.end + region.spill) }
    }

    /// Adds a map of which each element is read, exactly, before the same element of the output is written: it may be the
    /// output.
    pub(crate) const fn reads_in_place(self, map: &Map) -> Self {
        let region = Region::of(map);
        let Region { start, end, row, pixel, .. } = self.output;
        let same = region.start == start && region.end == end && region.row == row && region.pixel == pixel;
        if same { self } else { self.reads(region) }
    }

    /// The same for a map that may be missing.
    pub(crate) const fn reads_residual(self, map: &Option<Map>, output: &Map) -> Self {
        match map {
            Some(map) => {
                assert_same_size(map, output);
                self.reads_in_place(map)
            }
            None => self,
        }
    }

    /// Adds a vector after the output and after what is read in place of it: for kernels that never share their work.
    pub(crate) const fn with_slack(self) -> Self {
        self.covering(self.floats + SLACK - 1)
    }

    const fn covering(self, end: usize) -> Self {
        let floats = if end > self.floats { end } else { self.floats };
        assert!(floats <= MOST, "a map is larger than memory");
        Self { floats, ..self }
    }

    /// How to run it.
    #[inline(always)]
    const fn restrict(self, run: Run<'_>) -> Run<'_> {
        if self.alone { run.on_one_thread() } else { run }
    }
}

/// Panics if this many rows and columns reach farther than a kernel can compute with, including those of a single window or tap,
/// which no length bounds.
pub(crate) const fn assert_steps(map: &Map, [rows, columns]: [usize; 2]) {
    assert_product(&[rows, map.row, MOST / FARTHEST]);
    assert_product(&[columns, map.pixel, MOST / FARTHEST]);
}

/// Panics unless two maps have equally many rows, columns and channels.
pub(crate) const fn assert_same_size(a: &Map, b: &Map) {
    let same = a.height == b.height && a.width == b.width && a.channels == b.channels;
    assert!(same, "maps of different sizes");
}

#[cfg(test)]
mod tests;

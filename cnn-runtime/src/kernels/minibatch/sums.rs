//! Sums over the pixels of all images, for each channel.
//!
//! A sum is over a million numbers and more. Short segments are added up in single precision, in vectors of channels, and the sums of
//! segments in double precision. Each image has its own sums, in its workspace, so threads share the images.

use core::ops::Range;

use crate::exec::divide::{div, div_rem};
use crate::exec::run::{Partition, Run};
use crate::kernels::terms::PixelTerms;
use crate::place::bounds::{Reach, Region};
use crate::place::map::Map;
use crate::place::workspace::Batch;
use crate::simd::{Kernel, Simd};

/// Pixels that are added up in single precision.
const SEGMENT: usize = 32;
/// No vector has more lanes.
pub(crate) const MOST_LANES: usize = 16;

/// Some pixels of a map: rows, or a part of one.
#[derive(Clone, Copy)]
pub(crate) struct Segment {
    y: usize,
    rows: usize,
    x: usize,
    columns: usize,
}

impl Segment {
    /// How many pixels it has.
    pub(crate) const fn pixels(self) -> usize {
        self.rows * self.columns
    }

    /// Its rows.
    pub(crate) fn rows(self) -> Range<usize> {
        self.y..self.y + self.rows
    }

    /// Its columns.
    pub(crate) fn columns(self) -> Range<usize> {
        self.x..self.x + self.columns
    }

    /// Row and column of each of its pixels.
    #[inline(always)]
    pub(crate) fn each(self) -> impl Iterator<Item = (usize, usize)> {
        let Self { y, rows, x, columns } = self;
        (y..y + rows).flat_map(move |y| (x..x + columns).map(move |x| (y, x)))
    }

    /// All pixels of a map, in segments.
    #[inline(always)]
    pub(crate) fn of(height: usize, width: usize) -> impl Iterator<Item = Self> {
        let rows = div(SEGMENT, width).max(1);
        let parts = move |y: usize| {
            let rows = rows.min(height - y);
            (0..width).step_by(SEGMENT).map(move |x| Self { y, rows, x, columns: SEGMENT.min(width - x) })
        };
        (0..height).step_by(rows).flat_map(parts)
    }
}

/// What is added up: `N` numbers of each channel.
pub(crate) trait Summands<const N: usize>: Copy {
    /// The sums over the pixels of a segment, of the `count` channels from `c` on, or as many as a vector has.
    ///
    /// # Safety
    ///
    /// `ws` is the workspace of an image, in which the maps of the summands were checked; the pixels and channels are theirs.
    unsafe fn segment<S: Simd>(
        &self,
        s: S,
        ws: *const f32,
        segment: Segment,
        c: usize,
        count: usize,
    ) -> [[f64; MOST_LANES]; N];
}

/// The lanes of a vector in double precision.
#[inline(always)]
pub(crate) fn widen<S: Simd>(s: S, x: S::Vec) -> [f64; MOST_LANES] {
    let mut lanes = [0.0; MOST_LANES];
    // SAFETY: no vector has more lanes.
    unsafe { s.store(lanes.as_mut_ptr(), x) };
    let mut wide = [0.0; MOST_LANES];
    for (wide, lane) in wide.iter_mut().zip(lanes).take(S::LANES) {
        *wide = f64::from(lane);
    }
    wide
}

/// Floats of an image's workspace that `N` sums of each channel take.
pub(crate) const fn scratch_len(sums: usize, channels: usize) -> usize {
    // Each is in double precision.
    2 * sums * channels
}

/// What a kernel with such sums writes in the workspace of each image, before what it reads is added.
pub(crate) const fn reach(scratch: usize, sums: usize, map: &Map) -> Reach {
    // Bounds the channels.
    let _ = Region::of(map);
    Reach::of(Region::span(scratch, scratch_len(sums, map.channels)))
}

/// Sums of [terms](PixelTerms).
#[derive(Clone, Copy)]
pub(crate) struct Each<T>(pub(crate) T);

impl<T: PixelTerms<N>, const N: usize> Summands<N> for Each<T> {
    #[inline(always)]
    unsafe fn segment<S: Simd>(
        &self,
        s: S,
        ws: *const f32,
        segment: Segment,
        c: usize,
        count: usize,
    ) -> [[f64; MOST_LANES]; N] {
        let mut sums = [s.splat(0.0); N];
        for pixel in segment.each() {
            // SAFETY: the caller's promise.
            let terms = unsafe { self.0.at(s, ws, pixel, c, count) };
            for (sum, term) in sums.iter_mut().zip(terms) {
                *sum = s.add(*sum, term);
            }
        }
        sums.map(|sum| widen(s, sum))
    }
}

/// The sums of each image, of each channel.
#[derive(Clone, Copy)]
pub(crate) struct Partials {
    channels: usize,
    batch: Batch,
    ws: *mut f32,
    /// Where they are in the workspace of each image.
    scratch: usize,
}

impl Partials {
    /// # Safety
    ///
    /// The workspace of each image has room for them: [`reach`] was checked.
    pub(crate) unsafe fn new(channels: usize, batch: Batch, ws: *mut f32, scratch: usize) -> Self {
        Self { channels, batch, ws, scratch }
    }

    /// The workspace of an image.
    pub(crate) fn workspace(&self, image: usize) -> *mut f32 {
        self.ws.wrapping_add(image * self.batch.floats)
    }

    /// Sets all of an image to 0.
    ///
    /// # Safety
    ///
    /// There is such an image, and room for `N` sums.
    #[inline(always)]
    pub(crate) unsafe fn clear<const N: usize>(&self, image: usize) {
        let first = self.workspace(image).wrapping_add(self.scratch);
        // SAFETY: the caller's promise; all bits 0 are the number 0.
        unsafe { first.write_bytes(0, scratch_len(N, self.channels)) };
    }

    /// Adds the first `count` lanes, or all if there are fewer, to the sums of an image, of the channels from `c` on.
    ///
    /// # Safety
    ///
    /// There are such an image and such channels, and room for `N` sums.
    #[inline(always)]
    pub(crate) unsafe fn add<S: Simd, const N: usize>(
        &self,
        _: S,
        image: usize,
        c: usize,
        count: usize,
        sums: [[f64; MOST_LANES]; N],
    ) {
        for (sum, lanes) in sums.iter().enumerate() {
            for (lane, number) in lanes.iter().enumerate().take(S::LANES.min(count)) {
                let to = self.at(image, sum, c + lane);
                // SAFETY: it is a sum of the image.
                unsafe { to.write_unaligned(to.read_unaligned() + number) };
            }
        }
    }

    /// The sums of a channel over all images, from the first to the last.
    ///
    /// # Safety
    ///
    /// There is such a channel, and `N` sums were written.
    pub(crate) unsafe fn total<const N: usize>(&self, channel: usize) -> [f64; N] {
        let mut total = [0.0; N];
        for image in 0..self.batch.images {
            // SAFETY: the caller's promise.
            let sums = unsafe { self.of::<N>(image, channel) };
            total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        }
        total
    }

    /// The sums of a channel of an image.
    ///
    /// # Safety
    ///
    /// There are such an image and such a channel, and `N` sums were written.
    unsafe fn of<const N: usize>(&self, image: usize, channel: usize) -> [f64; N] {
        // SAFETY: the caller's promise.
        core::array::from_fn(|sum| unsafe { self.at(image, sum, channel).read_unaligned() })
    }

    /// Where a sum of an image is.
    fn at(&self, image: usize, sum: usize, channel: usize) -> *mut f64 {
        let first = self.workspace(image).wrapping_add(self.scratch).cast::<f64>();
        first.wrapping_add(sum * self.channels + channel)
    }
}

/// The sums of all images.
#[derive(Clone, Copy)]
pub(crate) struct ChannelSums<T, const N: usize> {
    summands: T,
    /// Whose pixels and channels they are of.
    map: Map,
    partials: Partials,
    partition: Partition,
}

impl<T: Summands<N>, const N: usize> ChannelSums<T, N> {
    /// # Safety
    ///
    /// The maps of the summands were checked, [`reach`] too, and the workspace of each image is as large as both need.
    pub(crate) unsafe fn new(summands: T, map: Map, batch: Batch, ws: *mut f32, scratch: usize) -> Self {
        // SAFETY: the caller's promise.
        let partials = unsafe { Partials::new(map.channels, batch, ws, scratch) };
        Self { summands, map, partials, partition: Partition::WHOLE }
    }

    /// Adds them up, for [`total`](Self::total); `work` is what that takes.
    #[inline(always)]
    pub(crate) fn compute(&self, run: Run<'_>, work: usize) {
        // SAFETY: partitions are images, and each writes in its own workspace.
        unsafe { run.each_partition(work, |partition| run.part(Self { partition, ..*self })) };
    }

    /// The sums of a channel over all images.
    pub(crate) fn total(&self, channel: usize) -> [f64; N] {
        // SAFETY: `compute` wrote them.
        if channel < self.map.channels { unsafe { self.partials.total(channel) } } else { [0.0; N] }
    }

    /// The sums of a channel of an image.
    pub(crate) fn of_image(&self, image: usize, channel: usize) -> [f64; N] {
        // SAFETY: `compute` wrote them.
        if self.has(image, channel) { unsafe { self.partials.of(image, channel) } } else { [0.0; N] }
    }

    /// Replaces the sums of a channel of an image, of which the [`total`](Self::total) will be.
    pub(crate) fn replace(&self, image: usize, channel: usize, sums: [f64; N]) {
        if self.has(image, channel) {
            for (sum, number) in sums.into_iter().enumerate() {
                // SAFETY: it is a sum of the image.
                unsafe { self.partials.at(image, sum, channel).write_unaligned(number) };
            }
        }
    }

    fn has(&self, image: usize, channel: usize) -> bool {
        image < self.partials.batch.images && channel < self.map.channels
    }

    /// How many numbers each sum is over.
    pub(crate) fn count(&self) -> f64 {
        self.partials.batch.images as f64 * self.map.pixels() as f64
    }
}

impl<T: Summands<N>, const N: usize> Kernel for ChannelSums<T, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Map { height, width, channels, .. } = self.map;
        for image in self.partition.of(self.partials.batch.images) {
            let ws = self.partials.workspace(image);
            // SAFETY: as promised to `new`.
            unsafe { self.partials.clear::<N>(image) };
            for segment in Segment::of(height, width) {
                for c in (0..channels).step_by(S::LANES) {
                    // SAFETY: as above; the pixels and channels are those of the map.
                    unsafe {
                        let sums = self.summands.segment(s, ws, segment, c, channels - c);
                        self.partials.add(s, image, c, channels - c, sums);
                    }
                }
            }
        }
    }
}

/// Sums over the images alone, for each element of a map.
#[derive(Clone, Copy)]
pub(crate) struct ElementSums<T, const N: usize> {
    terms: T,
    map: Map,
    batch: Batch,
    ws: *const f32,
    /// Where they are written, in the order C, H, W, if they are wanted.
    to: [Option<*mut f32>; N],
    partition: Partition,
}

impl<T: PixelTerms<N>, const N: usize> ElementSums<T, N> {
    /// # Safety
    ///
    /// The maps of the terms were checked, the workspace of each image is as large as they need, and there is room for a number for
    /// each element where sums are written.
    pub(crate) unsafe fn new(terms: T, map: Map, batch: Batch, ws: *const f32, to: [Option<*mut f32>; N]) -> Self {
        Self { terms, map, batch, ws, to, partition: Partition::WHOLE }
    }

    /// Adds them up; `work` is what that takes.
    #[inline(always)]
    pub(crate) fn compute(&self, run: Run<'_>, work: usize) {
        // SAFETY: partitions are pixels, each with its own sums.
        unsafe { run.each_partition(work, |partition| run.part(Self { partition, ..*self })) };
    }
}

impl<T: PixelTerms<N>, const N: usize> Kernel for ElementSums<T, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Map { width, channels, .. } = self.map;
        let pixels = self.map.pixels();
        for pixel in self.partition.of(pixels) {
            let place = div_rem(pixel, width);
            for c in (0..channels).step_by(S::LANES) {
                let mut sums = [s.splat(0.0); N];
                for image in 0..self.batch.images {
                    let ws = self.ws.wrapping_add(image * self.batch.floats);
                    // SAFETY: as promised to `new`.
                    let terms = unsafe { self.terms.at(s, ws, place, c, channels - c) };
                    for (sum, term) in sums.iter_mut().zip(terms) {
                        *sum = s.add(*sum, term);
                    }
                }
                for (sum, to) in sums.into_iter().zip(self.to) {
                    let Some(to) = to else { continue };
                    let mut lanes = [0.0; MOST_LANES];
                    // SAFETY: no vector has more lanes.
                    unsafe { s.store(lanes.as_mut_ptr(), sum) };
                    for (lane, number) in lanes.into_iter().enumerate().take(S::LANES.min(channels - c)) {
                        // SAFETY: as promised to `new`.
                        unsafe { *to.wrapping_add((c + lane) * pixels + pixel) = number };
                    }
                }
            }
        }
    }
}

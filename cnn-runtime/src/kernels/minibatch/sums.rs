//! Sums over the pixels of all images, for each channel.
//!
//! A sum is over a million numbers and more. Short segments are added up in single precision, in vectors of channels, and the sums of
//! segments in double precision. Each image has its own sums, in its workspace, so threads share the images.

use crate::exec::divide::div;
use crate::exec::run::{Partition, Run};
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

    /// Row and column of each of its pixels.
    #[inline(always)]
    pub(crate) fn each(self) -> impl Iterator<Item = (usize, usize)> {
        let Self { y, rows, x, columns } = self;
        (y..y + rows).flat_map(move |y| (x..x + columns).map(move |x| (y, x)))
    }

    /// All pixels of a map, in segments.
    #[inline(always)]
    fn of(height: usize, width: usize) -> impl Iterator<Item = Self> {
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

/// The sums of all images.
#[derive(Clone, Copy)]
pub(crate) struct ChannelSums<T, const N: usize> {
    summands: T,
    /// Whose pixels and channels they are of.
    map: Map,
    batch: Batch,
    ws: *mut f32,
    /// Where the sums are in the workspace of each image.
    scratch: usize,
    partition: Partition,
}

impl<T: Summands<N>, const N: usize> ChannelSums<T, N> {
    /// # Safety
    ///
    /// The maps of the summands were checked, [`reach`] too, and the workspace of each image is as large as both need.
    pub(crate) unsafe fn new(summands: T, map: Map, batch: Batch, ws: *mut f32, scratch: usize) -> Self {
        Self { summands, map, batch, ws, scratch, partition: Partition::WHOLE }
    }

    /// Adds them up, which is so much work, for [`total`](Self::total).
    #[inline(always)]
    pub(crate) fn compute(&self, run: Run<'_>, work: usize) {
        // SAFETY: partitions are images, and each writes in its own workspace.
        unsafe { run.each_partition(work, |partition| run.part(Self { partition, ..*self })) };
    }

    /// The sums of a channel over all images, from the first to the last.
    pub(crate) fn total(&self, channel: usize) -> [f64; N] {
        let mut total = [0.0; N];
        if channel < self.map.channels {
            for image in 0..self.batch.images {
                for (sum, total) in total.iter_mut().enumerate() {
                    // SAFETY: it is one of the sums that `run` wrote.
                    *total += unsafe { self.at(image, sum, channel).read_unaligned() };
                }
            }
        }
        total
    }

    /// How many numbers each sum is over.
    pub(crate) fn count(&self) -> f64 {
        self.batch.images as f64 * self.map.pixels() as f64
    }

    /// Where a sum of an image is.
    fn at(&self, image: usize, sum: usize, channel: usize) -> *mut f64 {
        let first = self.ws.wrapping_add(image * self.batch.floats + self.scratch).cast::<f64>();
        first.wrapping_add(sum * self.map.channels + channel)
    }
}

impl<T: Summands<N>, const N: usize> Kernel for ChannelSums<T, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Map { height, width, channels, .. } = self.map;
        for image in self.partition.of(self.batch.images) {
            let ws = self.ws.wrapping_add(image * self.batch.floats);
            // SAFETY: there is room for the sums in the workspace of the image; all bits 0 are the number 0.
            unsafe { ws.wrapping_add(self.scratch).write_bytes(0, scratch_len(N, channels)) };
            for segment in Segment::of(height, width) {
                for c in (0..channels).step_by(S::LANES) {
                    // SAFETY: the pixels and channels are those of the map.
                    let sums = unsafe { self.summands.segment(s, ws, segment, c, channels - c) };
                    for (sum, lanes) in sums.iter().enumerate() {
                        // SAFETY: these are sums of the image.
                        unsafe { add(self.at(image, sum, c), lanes, S::LANES.min(channels - c)) };
                    }
                }
            }
        }
    }
}

/// Adds the first `count` lanes to as many numbers from `to` on.
///
/// # Safety
///
/// They can be read and written.
#[inline(always)]
unsafe fn add(to: *mut f64, lanes: &[f64; MOST_LANES], count: usize) {
    for (i, lane) in lanes.iter().enumerate().take(count) {
        let to = to.wrapping_add(i);
        // SAFETY: the caller's promise.
        unsafe { to.write_unaligned(to.read_unaligned() + lane) };
    }
}

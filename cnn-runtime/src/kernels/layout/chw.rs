//! Images in the order C, H, W into the workspace, and maps out of it.

use core::ops::Range;

#[cfg(feature = "alloc")]
use cnn_net::literal::Literal;

use crate::exec::run::{Partition, Run, nanos_of_floats};
#[cfg(feature = "alloc")]
use crate::kernels::call::KernelCall;
use crate::place::bounds::{Checked, Reach, Region};
use crate::place::map::Map;
use crate::simd::{Kernel, Simd};
use cnn_net::record;

impl Map {
    /// Checks a map that an image is stored as.
    ///
    /// # Panics
    ///
    /// If it has no elements, or they overlap.
    pub const fn check(self) -> Checked<Self> {
        Checked::new(self, Reach::to(&self))
    }
}

/// A map that is brought into the order C, H, W.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StoreChw {
    /// What is read.
    pub map: Map,
    /// Where the first float goes.
    pub offset: usize,
}

record! { StoreChw(#read map: Map, offset: usize) }
kernel_call! { StoreChw = store_chw }

impl StoreChw {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the map has no elements, or lies where they go.
    pub const fn check(self) -> Checked<Self> {
        let map = Region::of(&self.map);
        Checked::new(self, Reach::of(Region::span(self.offset, self.map.elements())).reads(map))
    }
}

/// Stores an image, which is in the order C, H, W, as a map.
///
/// # Panics
///
/// If the workspace is too small, or the image has another size.
#[inline(always)]
pub fn load_chw(run: Run<'_>, image: &[f32], map: &Checked<Map>, ws: &mut [f32]) {
    let (run, ws) = map.enter(run, ws);
    let map = map.get();
    assert!(image.len() == map.elements(), "an image of another size");
    // SAFETY: the workspace is as large as the map needs, and so is the image.
    unsafe { load_chw_in(run, image, &map, ws) }
}

/// # Safety
///
/// The map was checked, and `ws` has as many floats as it needs; the image has its size.
unsafe fn load_chw_in(run: Run<'_>, image: &[f32], map: &Map, ws: *mut f32) {
    if (2..=8).contains(&map.channels) && map.width >= MOST_LANES {
        // SAFETY: the caller's promise; partitions are rows.
        return unsafe {
            run.split(nanos_of_floats([2, map.elements()]), |partition| Interleave::new(image, map, ws, partition))
        };
    }
    // SAFETY: the caller's promise.
    unsafe { scatter_all(run, image.as_ptr(), map, ws) };
    run.done();
}

/// Writes a map from numbers in the order C, H, W, which begin at `offset`.
///
/// # Safety
///
/// The map and the numbers, which don't overlap, lie in `ws`.
pub(crate) unsafe fn write_chw(run: Run<'_>, offset: usize, map: &Map, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { scatter_all(run, ws.add(offset), map, ws) }
}

/// # Safety
///
/// The map lies in `ws`, and not where `from` has as many numbers.
unsafe fn scatter_all(run: Run<'_>, from: *const f32, map: &Map, ws: *mut f32) {
    let load = |partition: Partition| {
        for_each_stretch(map, partition.of(map.height), |len, number, to| {
            // SAFETY: the caller's promise; this is a stretch of one of the map's channels.
            unsafe { scatter(from.add(number), len, ws.add(to), map.pixel) };
        });
    };
    // SAFETY: partitions are rows.
    unsafe { run.each_partition(nanos_of_floats([STRIDED, map.elements()]), load) };
}

/// No vector has more lanes.
const MOST_LANES: usize = 16;

/// A map of 2 to 8 channels, at least as wide as a vector, from rows of each channel.
struct Interleave<'a> {
    image: &'a [f32],
    map: &'a Map,
    ws: *mut f32,
    /// Which rows.
    partition: Partition,
}

impl<'a> Interleave<'a> {
    /// # Safety
    ///
    /// The map was checked, and `ws` has as many floats as it needs; the image has its size; other threads have other partitions.
    unsafe fn new(image: &'a [f32], map: &'a Map, ws: *mut f32, partition: Partition) -> Self {
        Self { image, map, ws, partition }
    }
}

impl Kernel for Interleave<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        if self.map.channels <= 4 { self.rows::<S, 4>(s) } else { self.rows::<S, 8>(s) }
    }
}

impl Interleave<'_> {
    /// Maps of up to `F` channels.
    #[inline(always)]
    fn rows<S: Simd, const F: usize>(&self, s: S) {
        let Map { width, channels, .. } = *self.map;
        for y in self.partition.of(self.map.height) {
            for x in (0..width).step_by(S::LANES) {
                // The last vectors overlap those before.
                let x = x.min(width - S::LANES);
                let mut rows = [s.splat(0.0); F];
                // SAFETY: the image has a row of `width` floats for each channel, and the map was checked.
                unsafe {
                    for (c, row) in rows.iter_mut().enumerate().take(channels) {
                        *row = s.load(self.image.as_ptr().add((c * self.map.height + y) * width + x));
                    }
                    s.store_transposed(self.ws.add(self.map.at(y, x)), self.map.pixel, rows, channels, S::LANES);
                }
            }
        }
    }
}

/// How much more a number at a stride costs than one next to the last.
const STRIDED: usize = 8;

/// Writes `len` numbers at a distance from each other.
///
/// # Safety
///
/// They must be readable, and there must be room for them, elsewhere.
#[inline(always)]
unsafe fn scatter(from: *const f32, len: usize, mut to: *mut f32, distance: usize) {
    if distance == 1 {
        // SAFETY: the caller's promise.
        return unsafe { to.copy_from_nonoverlapping(from, len) };
    }
    for at in 0..len {
        // SAFETY: the caller's promise.
        unsafe { *to = *from.add(at) };
        to = to.wrapping_add(distance);
    }
}

/// Stores a map in the order C, H, W.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn store_chw(run: Run<'_>, layer: &Checked<StoreChw>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the workspace is as large as the layer needs.
    unsafe { store_chw_in(run, &layer.get(), ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn store_chw_in(run: Run<'_>, layer: &StoreChw, ws: *mut f32) {
    // SAFETY: both were checked, and don't overlap.
    unsafe { read_chw(run, &layer.map, layer.offset, ws) };
    run.done();
}

/// Copies a map in the order C, H, W, to `offset`.
///
/// # Safety
///
/// The map and the room for its numbers, which don't overlap, lie in `ws`.
pub(crate) unsafe fn read_chw(run: Run<'_>, map: &Map, offset: usize, ws: *mut f32) {
    if map.pixels() == 1 {
        // SAFETY: the caller's promise.
        return unsafe { ws.add(offset).copy_from_nonoverlapping(ws.add(map.offset), map.channels) };
    }
    let store = |partition: Partition| {
        for_each_stretch(map, partition.of(map.height), |len, to, from| {
            // SAFETY: the caller's promise.
            (0..len).for_each(|x| unsafe { *ws.add(offset + to + x) = *ws.add(from + x * map.pixel) });
        });
    };
    // SAFETY: partitions are rows.
    unsafe { run.each_partition(nanos_of_floats([STRIDED, map.elements()]), store) };
}

/// Floats of the pixels that are visited channel by channel: they stay in L1.
const BLOCK_FLOATS: usize = 4096;

/// But no fewer pixels than a cache line has floats, since each channel's are contiguous in the other order.
const BLOCK_PIXELS: usize = 16;

/// Calls `each` for pixels next to each other of a channel, in some rows: with their number, where their first float is in the order
/// C, H, W, and where it is in the workspace.
#[inline(always)]
fn for_each_stretch(map: &Map, rows: Range<usize>, mut each: impl FnMut(usize, usize, usize)) {
    let most = (BLOCK_FLOATS / map.pixel.max(1)).max(BLOCK_PIXELS);
    for y in rows {
        let mut x = 0;
        while x < map.width {
            let len = most.min(map.width - x);
            for c in 0..map.channels {
                each(len, (c * map.height + y) * map.width + x, map.at(y, x) + c);
            }
            x += len;
        }
    }
}

/// [`load_chw`], whose only number is the map.
#[cfg(feature = "alloc")]
impl KernelCall for Map {
    fn function(&self) -> &'static str {
        "load_chw"
    }

    fn descriptor(&self) -> (&'static str, &dyn Literal) {
        ("Map", self)
    }

    fn output(&self) -> Option<(Self, &'static str)> {
        Some((*self, ""))
    }

    fn reads_image(&self) -> bool {
        true
    }

    #[cfg(feature = "kernels")]
    fn run(&self, run: Run<'_>, image: &[f32], _: &[f32], ws: &mut [f32]) {
        load_chw(run, image, &self.check(), ws);
    }
}

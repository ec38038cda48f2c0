//! Values in and out of the workspace, and several values into one.

use core::ops::Range;

use crate::activation::{Apply, Finish};
use crate::bounds::{Checked, Reach, Region, Windows, assert_same_size};
use crate::map::Map;
use crate::op::{Activation, Padding};
use crate::run::{Run, Share, floats};
use crate::runs::Runs;
use crate::simd::{Kernel, Simd};

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

/// Zeros around a map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Halo {
    /// The map in their midst.
    pub map: Map,
    /// Rows and columns of zeros.
    pub zeros: Padding,
}

/// A map and a copy of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CopyMap {
    /// What it reads.
    pub input: Map,
    /// What it writes.
    pub output: Map,
}

/// Several maps that become one, element by element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Merge<'a> {
    /// What it reads; one of 1 x 1 pixels is the same for all pixels of the others.
    pub inputs: &'a [Map],
    /// What it writes; may be one of the inputs.
    pub output: Map,
    /// Applied last.
    pub activation: Activation,
}

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

impl Halo {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If it begins before the workspace, or the map has no elements.
    pub const fn check(self) -> Checked<Self> {
        let Self { map, zeros: Padding { top, left, bottom, right } } = self;
        let vertical = Windows { count: 1, stride: 1, taps: sum([top, map.height, bottom]), dilation: 1, before: top };
        let horizontal =
            Windows { count: 1, stride: 1, taps: sum([left, map.width, right]), dilation: 1, before: left };
        let line = Map { height: 1, width: horizontal.taps, ..map };
        assert!(map.height == 1 || map.row >= Region::of(&Map { offset: 0, ..line }).len(), "rows overlap");
        Checked::new(self, Reach::of(Region::windows(&map, vertical, horizontal)))
    }
}

/// A sum of three sizes.
const fn sum([a, b, c]: [usize; 3]) -> usize {
    match a.checked_add(b) {
        Some(ab) => match ab.checked_add(c) {
            Some(sum) => sum,
            None => panic!("a halo is larger than memory"),
        },
        None => panic!("a halo is larger than memory"),
    }
}

impl CopyMap {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or overlap without being the same.
    pub const fn check(self) -> Checked<Self> {
        assert_same_size(&self.input, &self.output);
        Checked::new(self, Reach::to(&self.output).reads_in_place(&self.input))
    }
}

impl Merge<'_> {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If there is no input, if one is not a pixel and differs from the output in size, or overlaps it without being the same.
    pub const fn check(self) -> Checked<Self> {
        assert!(!self.inputs.is_empty(), "nothing to merge");
        let mut reach = Reach::to(&self.output);
        let mut i = 0;
        while i < self.inputs.len() {
            let input = &self.inputs[i];
            let one = input.height == 1 && input.width == 1;
            let size = one || input.height == self.output.height && input.width == self.output.width;
            assert!(size && input.channels == self.output.channels, "maps of different sizes");
            reach = reach.reads_in_place(input);
            i += 1;
        }
        Checked::new(self, reach)
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
        // SAFETY: the caller's promise; shares are rows.
        return unsafe { run.split(floats([2, map.elements()]), |share| Interleave::new(image, map, ws, share)) };
    }
    let load = |share: Share| {
        for_each_stretch(map, share.of(map.height), |len, from, to| {
            // SAFETY: the map was checked, and this is a stretch of one of its channels.
            unsafe { scatter(&image[from..][..len], ws.add(to), map.pixel) };
        });
    };
    // SAFETY: shares are rows.
    unsafe { run.each_share(floats([STRIDED, map.elements()]), load) };
    run.done();
}

/// No vector has more lanes.
const MOST_LANES: usize = 16;

/// A map of 2 to 8 channels, at least as wide as a vector, from rows of each channel.
struct Interleave<'a> {
    image: &'a [f32],
    map: &'a Map,
    ws: *mut f32,
    /// Which rows.
    share: Share,
}

impl<'a> Interleave<'a> {
    /// # Safety
    ///
    /// The map was checked, and `ws` has as many floats as it needs; the image has its size; other threads have other shares.
    unsafe fn new(image: &'a [f32], map: &'a Map, ws: *mut f32, share: Share) -> Self {
        Self { image, map, ws, share }
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
        for y in self.share.of(self.map.height) {
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

/// Numbers at a stride cost as much as so many of those next to each other.
const STRIDED: usize = 8;

/// Writes numbers at a distance from each other.
///
/// # Safety
///
/// There must be room for them.
#[inline(always)]
unsafe fn scatter(numbers: &[f32], mut to: *mut f32, distance: usize) {
    if distance == 1 {
        // SAFETY: the caller's promise.
        return unsafe { to.copy_from_nonoverlapping(numbers.as_ptr(), numbers.len()) };
    }
    for number in numbers {
        // SAFETY: the caller's promise.
        unsafe { *to = *number };
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
    let StoreChw { ref map, offset } = *layer;
    if map.pixels() == 1 {
        // SAFETY: both were checked, and don't overlap.
        unsafe { ws.add(offset).copy_from_nonoverlapping(ws.add(map.offset), map.channels) };
        return run.done();
    }
    let store = |share: Share| {
        for_each_stretch(map, share.of(map.height), |len, to, from| {
            // SAFETY: the map was checked, and that there is room for its elements.
            (0..len).for_each(|x| unsafe { *ws.add(offset + to + x) = *ws.add(from + x * map.pixel) });
        });
    };
    // SAFETY: shares are rows.
    unsafe { run.each_share(floats([STRIDED, map.elements()]), store) };
    run.done();
}

/// Floats of the pixels that are visited channel by channel: they stay in L1.
const BLOCK_FLOATS: usize = 4096;
/// But no less pixels than a cache line has floats, as each channel's lie next to each other in the other order.
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

/// Zeroes the elements around a map.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn clear_halo(run: Run<'_>, halo: &Checked<Halo>, ws: &mut [f32]) {
    let (run, ws) = halo.enter(run, ws);
    // SAFETY: the workspace is as large as the halo needs.
    unsafe { clear_halo_in(run, &halo.get(), ws) }
}

/// # Safety
///
/// The halo was checked, and `ws` has as many floats as it needs.
unsafe fn clear_halo_in(run: Run<'_>, halo: &Halo, ws: *mut f32) {
    let Halo { map: Map { offset, height, width, channels, row, pixel }, zeros } = *halo;
    let (columns, rows) = (zeros.left + width + zeros.right, zeros.top + height + zeros.bottom);
    let corner = offset - zeros.top * row - zeros.left * pixel;
    let clear = |y: usize, x: usize, pixels: usize| {
        let run = if pixel == channels { pixels.max(1) } else { 1 };
        for x in (x..x + pixels).step_by(run) {
            // SAFETY: these are elements of the halo, which was checked.
            unsafe { ws.add(corner + y * row + x * pixel).write_bytes(0, run * channels) };
        }
    };
    let clear_rows = |share: Share| {
        for y in share.of(rows) {
            if (zeros.top..zeros.top + height).contains(&y) {
                clear(y, 0, zeros.left);
                clear(y, zeros.left + width, zeros.right);
            } else {
                clear(y, 0, columns);
            }
        }
    };
    // SAFETY: shares are rows, which don't overlap.
    unsafe { run.each_share(floats([rows * columns - height * width, channels]), clear_rows) };
    run.done();
}

/// Copies a map.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn copy(run: Run<'_>, layer: &Checked<CopyMap>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let CopyMap { input, output } = layer.get();
    // SAFETY: the workspace is as large as the layer needs.
    unsafe { add_in(run, &Merge { inputs: &[input], output, activation: Activation::Identity }, ws) }
}

/// Adds maps up.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn add(run: Run<'_>, layer: &Checked<Merge<'_>>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the workspace is as large as the layer needs.
    unsafe { add_in(run, &layer.get(), ws) }
}

/// Multiplies maps.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn mul(run: Run<'_>, layer: &Checked<Merge<'_>>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the workspace is as large as the layer needs.
    unsafe { mul_in(run, &layer.get(), ws) }
}

/// # Safety
///
/// As for [`merge`].
unsafe fn add_in(run: Run<'_>, layer: &Merge<'_>, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { merge(run, layer, Sum, ws) }
}

/// # Safety
///
/// As for [`merge`].
unsafe fn mul_in(run: Run<'_>, layer: &Merge<'_>, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { merge(run, layer, Product, ws) }
}

/// A map of 1 x 1 pixels as one that has the same pixel everywhere.
fn spread(input: &Map, output: &Map) -> Map {
    if input.pixels() == 1 {
        Map { height: output.height, width: output.width, row: 0, pixel: 0, ..*input }
    } else {
        *input
    }
}

/// `a + b` or `a * b`.
trait Fold: Copy {
    fn fold<S: Simd>(self, s: S, a: S::Vec, b: S::Vec) -> S::Vec;
}

#[derive(Clone, Copy)]
struct Sum;

impl Fold for Sum {
    #[inline(always)]
    fn fold<S: Simd>(self, s: S, a: S::Vec, b: S::Vec) -> S::Vec {
        s.add(a, b)
    }
}

#[derive(Clone, Copy)]
struct Product;

impl Fold for Product {
    #[inline(always)]
    fn fold<S: Simd>(self, s: S, a: S::Vec, b: S::Vec) -> S::Vec {
        s.mul(a, b)
    }
}

/// Folds maps.
///
/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn merge(run: Run<'_>, layer: &Merge<'_>, fold: impl Fold, ws: *mut f32) {
    let work = floats([layer.inputs.len() + 1, layer.output.elements()]);
    // SAFETY: the caller's promise; shares are rows, and a row of the output needs the same row of the inputs, or one of
    // their pixels.
    unsafe { run.split(work, |share| Folding::new(layer, fold, ws, share)) };
}

/// A share of a merge.
struct Folding<'a, F> {
    inputs: &'a [Map],
    output: &'a Map,
    finish: Finish,
    fold: F,
    ws: *mut f32,
    share: Share,
}

impl<'a, F: Fold> Folding<'a, F> {
    /// # Safety
    ///
    /// As for [`merge`]; other threads have other shares.
    unsafe fn new(layer: &'a Merge<'a>, fold: F, ws: *mut f32, share: Share) -> Self {
        let Merge { inputs, output, activation } = layer;
        Self { inputs, output, finish: Finish::of(*activation), fold, ws, share }
    }
}

/// Floats that are merged before the rest of the activation passes over them: they are still in L1.
const CHUNK: usize = 1024;

impl<F: Fold> Kernel for Folding<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let rows = self.share.of(self.output.height);
        if rows.is_empty() {
            return;
        }
        let inputs = self.inputs.iter().map(|input| spread(input, self.output));
        let runs = Runs::of(inputs.chain([*self.output]).map(|map| map.band(&rows)));
        for (y, x) in runs.starts() {
            let y = rows.start + y;
            for first in (0..runs.len).step_by(CHUNK) {
                let len = CHUNK.min(runs.len - first);
                // SAFETY: the run is in all maps, which were checked.
                unsafe {
                    let to = self.ws.add(self.output.at(y, x) + first);
                    match self.inputs {
                        [a, b] => {
                            let a = spread(a, self.output).at(y, x) + first;
                            let b = spread(b, self.output).at(y, x) + first;
                            self.pair(s, self.ws.add(a), self.ws.add(b), to, len);
                        }
                        _ => self.many(s, (y, x), first, len),
                    }
                    if let Some(activation) = self.finish.pass {
                        s.run(Apply::in_place(activation, to, len));
                    }
                }
            }
        }
    }
}

impl<F: Fold> Folding<'_, F> {
    /// Folds two runs.
    ///
    /// # Safety
    ///
    /// `len` floats must be readable and writable.
    #[inline(always)]
    unsafe fn pair<S: Simd>(&self, s: S, a: *const f32, b: *const f32, to: *mut f32, len: usize) {
        for i in (0..len).step_by(S::LANES) {
            let rest = len - i;
            // SAFETY: the caller's promise.
            unsafe {
                let result = self.fold.fold(s, s.load_first(a.add(i), rest), s.load_first(b.add(i), rest));
                s.store_first(to.add(i), self.finish.clamp(s, result), rest);
            }
        }
    }

    /// Folds `len` floats of any number of runs, from the `first` one of those that start at a pixel.
    ///
    /// # Safety
    ///
    /// The run must be in all maps.
    #[inline(always)]
    unsafe fn many<S: Simd>(&self, s: S, (y, x): (usize, usize), first: usize, len: usize) {
        for i in (first..first + len).step_by(S::LANES) {
            let rest = first + len - i;
            // SAFETY: the caller's promise.
            unsafe {
                let mut result = self.load(s, &self.inputs[0], (y, x), i, rest);
                for input in &self.inputs[1..] {
                    result = self.fold.fold(s, result, self.load(s, input, (y, x), i, rest));
                }
                let to = self.ws.add(self.output.at(y, x) + i);
                s.store_first(to, self.finish.clamp(s, result), rest);
            }
        }
    }

    /// The first `rest` lanes of float `i` and those that follow it in the run of an input that starts at a pixel.
    ///
    /// # Safety
    ///
    /// They must be in the map.
    #[inline(always)]
    unsafe fn load<S: Simd>(&self, s: S, input: &Map, (y, x): (usize, usize), i: usize, rest: usize) -> S::Vec {
        // SAFETY: the caller's promise.
        unsafe { s.load_first(self.ws.add(spread(input, self.output).at(y, x) + i), rest) }
    }
}

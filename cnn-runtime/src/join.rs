//! Values in and out of the workspace, and several values into one.

use core::ops::Range;

use crate::activation::{Apply, Finish};
use crate::bounds::{assert_map, assert_same};
use crate::map::Map;
use crate::op::{Activation, Padding};
use crate::run::{Run, Share, floats};
use crate::runs::Runs;
use crate::simd::{Kernel, Simd};

/// Stores an image, which is in the order C, H, W, as a map.
///
/// # Panics
///
/// If the map lies outside of the workspace, or the image has another size.
pub fn load_chw(run: Run<'_>, image: &[f32], map: &Map, ws: &mut [f32]) {
    assert_map(map, ws.len());
    assert!(image.len() == map.elements(), "an image of {} floats for {map:?}", image.len());
    let ws = ws.as_mut_ptr();
    if (2..=8).contains(&map.channels) && map.width >= MOST_LANES {
        // SAFETY: shares are rows.
        return unsafe { run.split(floats(2 * map.elements()), |share| Interleave { image, map, ws, share }) };
    }
    let load = |share: Share| {
        for_each_stretch(map, share.of(map.height), |len, from, to| {
            // SAFETY: the map was checked, and this is a stretch of one of its channels.
            unsafe { scatter(&image[from..][..len], ws.add(to), map.pixel) };
        });
    };
    // SAFETY: shares are rows.
    unsafe { run.each_share(floats(STRIDED * map.elements()), load) };
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

/// Stores a map in the order C, H, W from `offset` on.
///
/// # Panics
///
/// If either lies outside of the workspace.
pub fn store_chw(run: Run<'_>, map: &Map, offset: usize, ws: &mut [f32]) {
    assert_map(map, ws.len());
    let end = offset.checked_add(map.elements());
    assert!(end.is_some_and(|end| end <= ws.len()), "no room for {map:?} at {offset}");
    if map.pixels() == 1 {
        ws.copy_within(map.offset..map.offset + map.channels, offset);
        return run.done();
    }
    let ws = ws.as_mut_ptr();
    let store = |share: Share| {
        for_each_stretch(map, share.of(map.height), |len, to, from| {
            // SAFETY: the map was checked, and that there is room for its elements.
            (0..len).for_each(|x| unsafe { *ws.add(offset + to + x) = *ws.add(from + x * map.pixel) });
        });
    };
    // SAFETY: shares are rows.
    unsafe { run.each_share(floats(STRIDED * map.elements()), store) };
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

/// Copies a map.
///
/// # Panics
///
/// If a map lies outside of the workspace, or they differ in size.
pub fn copy(run: Run<'_>, input: &Map, output: &Map, ws: &mut [f32]) {
    add(run, core::slice::from_ref(input), output, Activation::Identity, ws);
}

/// Zeroes the elements around a map, so many rows and columns of them. They lie before and behind it in the workspace.
///
/// # Panics
///
/// If the map or its halo lies outside of the workspace.
pub fn clear_halo(run: Run<'_>, map: &Map, halo: &Padding, ws: &mut [f32]) {
    assert_map(map, ws.len());
    let Map { height, width, channels, row, pixel, .. } = *map;
    let columns = halo.left + width + halo.right;
    let corner = map.offset.checked_sub(halo.top * row + halo.left * pixel);
    let corner = corner.expect("a halo begins before the workspace");
    let rows = halo.top + height + halo.bottom;
    let last = corner.checked_add((rows - 1) * row + (columns - 1) * pixel + channels);
    assert!(last.is_some_and(|last| last <= ws.len()), "a halo ends behind the workspace");
    let ws = ws.as_mut_ptr();
    let clear = |y: usize, x: usize, pixels: usize| {
        let run = if pixel == channels { pixels.max(1) } else { 1 };
        for x in (x..x + pixels).step_by(run) {
            // SAFETY: these are elements of the halo, which was checked.
            unsafe { ws.add(corner + y * row + x * pixel).write_bytes(0, run * channels) };
        }
    };
    let clear_rows = |share: Share| {
        for y in share.of(rows) {
            if (halo.top..halo.top + height).contains(&y) {
                clear(y, 0, halo.left);
                clear(y, halo.left + width, halo.right);
            } else {
                clear(y, 0, columns);
            }
        }
    };
    // SAFETY: shares are rows.
    unsafe { run.each_share(floats((rows * columns - map.pixels()) * channels), clear_rows) };
    run.done();
}

/// Adds maps up; the result may replace one of them.
///
/// # Panics
///
/// If a map lies outside of the workspace, or they differ in size.
pub fn add(run: Run<'_>, inputs: &[Map], output: &Map, activation: Activation, ws: &mut [f32]) {
    inputs.iter().for_each(|input| assert_same(input, output, ws.len()));
    merge(run, inputs, output, activation, Sum, ws);
}

/// Multiplies maps; one of 1 x 1 pixels multiplies all pixels of the others. The result may replace one of them.
///
/// # Panics
///
/// If a map lies outside of the workspace, or they differ in size.
pub fn mul(run: Run<'_>, inputs: &[Map], output: &Map, activation: Activation, ws: &mut [f32]) {
    for input in inputs {
        assert_map(input, ws.len());
        assert_same(&spread(input, output), output, ws.len());
    }
    merge(run, inputs, output, activation, Product, ws);
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

/// Folds maps that were checked.
fn merge(run: Run<'_>, inputs: &[Map], output: &Map, activation: Activation, fold: impl Fold, ws: &mut [f32]) {
    assert_map(output, ws.len());
    assert!(!inputs.is_empty(), "nothing to merge");
    let (finish, ws) = (Finish::of(activation), ws.as_mut_ptr());
    let work = floats((inputs.len() + 1) * output.elements());
    // SAFETY: shares are rows, and a row of the output needs the same row of the inputs, or one of their pixels.
    unsafe { run.split(work, |share| Merge { inputs, output, finish, fold, ws, share }) };
}

struct Merge<'a, F> {
    /// In the workspace, with a vector behind each.
    inputs: &'a [Map],
    output: &'a Map,
    finish: Finish,
    fold: F,
    ws: *mut f32,
    share: Share,
}

/// Floats that are merged before the rest of the activation passes over them: they are still in L1.
const CHUNK: usize = 1024;

impl<F: Fold> Kernel for Merge<'_, F> {
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
                        s.run(Apply { activation, from: to, to, len });
                    }
                }
            }
        }
    }
}

impl<F: Fold> Merge<'_, F> {
    /// Folds two runs.
    ///
    /// # Safety
    ///
    /// `len` floats must be readable, with a vector behind them, and writable.
    #[inline(always)]
    unsafe fn pair<S: Simd>(&self, s: S, a: *const f32, b: *const f32, to: *mut f32, len: usize) {
        for i in (0..len).step_by(S::LANES) {
            // SAFETY: the caller's promise.
            unsafe {
                let result = self.fold.fold(s, s.load(a.add(i)), s.load(b.add(i)));
                s.store_first(to.add(i), self.finish.clamp(s, result), len - i);
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
            // SAFETY: the caller's promise.
            unsafe {
                let mut result = s.load(self.ws.add(spread(&self.inputs[0], self.output).at(y, x) + i));
                for input in &self.inputs[1..] {
                    let value = s.load(self.ws.add(spread(input, self.output).at(y, x) + i));
                    result = self.fold.fold(s, result, value);
                }
                let to = self.ws.add(self.output.at(y, x) + i);
                s.store_first(to, self.finish.clamp(s, result), first + len - i);
            }
        }
    }
}

//! Values in and out of the workspace, and several values into one.

use crate::activation::{Apply, Finish};
use crate::bounds::{assert_map, assert_same};
use crate::map::Map;
use crate::op::{Activation, Padding};
use crate::run::Run;
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
    for_each_stretch(map, |len, from, to| {
        let run = &image[from..][..len];
        if map.pixel == 1 {
            ws[to..][..len].copy_from_slice(run);
        } else {
            let slots = ws[to..].iter_mut().step_by(map.pixel);
            slots.zip(run).for_each(|(slot, value)| *slot = *value);
        }
    });
    run.done();
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
    } else {
        for_each_stretch(map, |len, to, from| {
            (0..len).for_each(|x| ws[offset + to + x] = ws[from + x * map.pixel]);
        });
    }
    run.done();
}

/// Floats of the pixels that are visited channel by channel: they stay in L1.
const BLOCK_FLOATS: usize = 4096;
/// But no less pixels than a cache line has floats, as each channel's lie next to each other in the other order.
const BLOCK_PIXELS: usize = 16;

/// Calls `each` for pixels next to each other of a channel: with their number, where their first float is in the order
/// C, H, W, and where it is in the workspace.
#[inline(always)]
fn for_each_stretch(map: &Map, mut each: impl FnMut(usize, usize, usize)) {
    let most = (BLOCK_FLOATS / map.pixel.max(1)).max(BLOCK_PIXELS);
    for y in 0..map.height {
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
    let mut clear = |y: usize, x: usize, pixels: usize| {
        let start = corner + y * row + x * pixel;
        if pixel == channels {
            ws[start..][..pixels * pixel].fill(0.0);
        } else {
            (0..pixels).for_each(|i| ws[start + i * pixel..][..channels].fill(0.0));
        }
    };
    for y in 0..halo.top + height + halo.bottom {
        if (halo.top..halo.top + height).contains(&y) {
            clear(y, 0, halo.left);
            clear(y, halo.left + width, halo.right);
        } else {
            clear(y, 0, columns);
        }
    }
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
    run.alone(Merge { inputs, output, finish: Finish::of(activation), fold, ws: ws.as_mut_ptr() });
}

struct Merge<'a, F> {
    /// In the workspace, with a vector behind each.
    inputs: &'a [Map],
    output: &'a Map,
    finish: Finish,
    fold: F,
    ws: *mut f32,
}

/// Floats that are merged before the rest of the activation passes over them: they are still in L1.
const CHUNK: usize = 1024;

impl<F: Fold> Kernel for Merge<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let inputs = self.inputs.iter().map(|input| spread(input, self.output));
        let runs = Runs::of(inputs.chain([*self.output]));
        for (y, x) in runs.starts() {
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

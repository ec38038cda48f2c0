//! Channels in another order, or in other pixels.
//!
//! Each pixel of one map, the *whole*, belongs to several equally long *parts*: pixels of the other map, or stretches of the
//! channels of one. Number `c` of part `q` is channel `c * parts + q` of the whole, so all of these layers transpose a small matrix
//! for each pixel, in either direction.

use crate::exec::divide::div;
use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::place::bounds::{Checked, Reach, Region, assert_same_size};
use crate::place::map::Map;
use crate::simd::{Kernel, Simd};
use cnn_net::record;

/// Channels to pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelShuffleMap {
    /// What it reads.
    pub input: Map,
    /// What it writes.
    pub output: Map,
    /// How many times as high and wide that is.
    pub factor: usize,
}

/// Pixels to channels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelUnshuffleMap {
    /// What it reads.
    pub input: Map,
    /// What it writes.
    pub output: Map,
    /// How many times as high and wide the input is.
    pub factor: usize,
}

/// One channel of each group after another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelShuffleMap {
    /// What it reads.
    pub input: Map,
    /// What it writes; not the input.
    pub output: Map,
    /// How many groups there are.
    pub groups: usize,
}

record! { PixelShuffleMap(#read input: Map, output: Map, factor: usize) }
record! { PixelUnshuffleMap(#read input: Map, output: Map, factor: usize) }
record! { ChannelShuffleMap(#read input: Map, output: Map, groups: usize) }
kernel_call! { PixelShuffleMap = pixel_shuffle, output: output }
kernel_call! { PixelUnshuffleMap = pixel_unshuffle, output: output }
kernel_call! { ChannelShuffleMap = channel_shuffle, output: output }

impl PixelShuffleMap {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the sizes of the maps don't differ by the factor, or the maps overlap.
    pub const fn check(self) -> Checked<Self> {
        assert_factor(&self.output, &self.input, self.factor);
        Checked::new(self, Reach::to(&self.output).reads(Region::of(&self.input)))
    }
}

impl PixelUnshuffleMap {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the sizes of the maps don't differ by the factor, or the maps overlap.
    pub const fn check(self) -> Checked<Self> {
        assert_factor(&self.input, &self.output, self.factor);
        Checked::new(self, Reach::to(&self.output).reads(Region::of(&self.input)))
    }
}

impl ChannelShuffleMap {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or overlap; if the groups don't divide the channels.
    pub const fn check(self) -> Checked<Self> {
        assert_same_size(&self.input, &self.output);
        let divides = self.groups > 0 && self.input.channels.is_multiple_of(self.groups);
        assert!(divides, "groups divide the channels");
        Checked::new(self, Reach::to(&self.output).reads(Region::of(&self.input)))
    }
}

/// Panics unless a map is `factor` times as high and wide as another, with as many numbers.
const fn assert_factor(large: &Map, small: &Map, factor: usize) {
    assert!(is_product(small.height, factor, large.height), "rows of another number");
    assert!(is_product(small.width, factor, large.width), "columns of another number");
    let channels = large.channels.checked_mul(factor);
    assert!(matches!(channels, Some(half) if is_product(half, factor, small.channels)), "channels of another number");
}

/// Whether `a * b` is `product`.
const fn is_product(a: usize, b: usize, product: usize) -> bool {
    matches!(a.checked_mul(b), Some(found) if found == product)
}

/// Moves channels to pixels.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn pixel_shuffle(run: Run<'_>, layer: &Checked<PixelShuffleMap>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let PixelShuffleMap { input, output, factor } = layer.get();
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { take_apart(run, input, Parts::pixels(output, factor), ws) }
}

/// Moves pixels to channels.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn pixel_unshuffle(run: Run<'_>, layer: &Checked<PixelUnshuffleMap>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let PixelUnshuffleMap { input, output, factor } = layer.get();
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { put_together(run, output, Parts::pixels(input, factor), ws) }
}

/// Shuffles channels.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn channel_shuffle(run: Run<'_>, layer: &Checked<ChannelShuffleMap>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let ChannelShuffleMap { input, output, groups } = layer.get();
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { put_together(run, output, Parts::groups(input, groups), ws) }
}

/// Where the parts of each pixel are.
#[derive(Clone, Copy)]
struct Parts {
    /// Those of pixel `(y, x)` begin at pixel `(y, x)` of this map.
    map: Map,
    /// How many there are in one direction, and in the other.
    count: [usize; 2],
    /// How far apart they are.
    step: [usize; 2],
    /// How long each is.
    len: usize,
}

impl Parts {
    /// Squares of pixels.
    const fn pixels(map: Map, factor: usize) -> Self {
        let Map { row, pixel, channels, .. } = map;
        let map = map.with_strides(factor * row, factor * pixel);
        Self { map, count: [factor; 2], step: [row, pixel], len: channels }
    }

    /// Groups of channels.
    const fn groups(map: Map, groups: usize) -> Self {
        let len = div(map.channels, groups);
        Self { map, count: [1, groups], step: [0, len], len }
    }

    /// How many there are.
    const fn number(&self) -> usize {
        self.count[0] * self.count[1]
    }
}

/// # Safety
///
/// `whole` and the map of the parts were checked, and `ws` has as many floats as they need; so for [`take_apart`].
unsafe fn put_together(run: Run<'_>, whole: Map, parts: Parts, ws: *mut f32) {
    let work = nanos_of_floats([STRIDED, whole.elements()]);
    // SAFETY: the caller's promise; partitions are rows of the output.
    unsafe { run.split(work, |partition| PutTogether(Pixels::new(whole, parts, ws, partition))) };
}

/// # Safety
///
/// As for [`put_together`].
unsafe fn take_apart(run: Run<'_>, whole: Map, parts: Parts, ws: *mut f32) {
    let work = nanos_of_floats([STRIDED, whole.elements()]);
    // SAFETY: the caller's promise; partitions are rows of the input, whose parts are rows of the output that no others have.
    unsafe { run.split(work, |partition| TakeApart(Pixels::new(whole, parts, ws, partition))) };
}

/// How much more a number at a distance from the last costs than one next to it.
const STRIDED: usize = 4;

/// Rows of pixels and of their parts.
struct Pixels {
    whole: Map,
    parts: Parts,
    ws: *mut f32,
    partition: Partition,
}

impl Pixels {
    /// # Safety
    ///
    /// As for [`put_together`]; other threads have other partitions.
    unsafe fn new(whole: Map, parts: Parts, ws: *mut f32, partition: Partition) -> Self {
        Self { whole, parts, ws, partition }
    }

    /// Where the channels of a pixel begin, and where its first part does.
    #[inline(always)]
    fn at(&self, y: usize, x: usize) -> [*mut f32; 2] {
        [self.ws.wrapping_add(self.whole.at(y, x)), self.ws.wrapping_add(self.parts.map.at(y, x))]
    }
}

/// The whole is written.
struct PutTogether(Pixels);

impl Kernel for PutTogether {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self(pixels) = self;
        let Pixels { whole, parts, .. } = pixels;
        for y in pixels.partition.of(whole.height) {
            for x in 0..whole.width {
                let [to, from] = pixels.at(y, x);
                // SAFETY: the parts lie in a map that was checked, and so does the pixel.
                unsafe {
                    if parts.len < S::LANES / 2 {
                        interleave_few(&parts, from, to);
                    } else if parts.count == [1, 2] {
                        interleave_two(s, &parts, from, to);
                    } else {
                        interleave(s, &parts, from, to);
                    }
                }
            }
        }
    }
}

/// Parts that are read at once.
const TOGETHER: usize = 8;

/// Writes number `c` of part `q` at `c * parts + q`: vectors of several parts at a time.
///
/// # Safety
///
/// The parts can be read from the place of the first on, and written at `to`.
#[inline(always)]
unsafe fn interleave<S: Simd>(s: S, parts: &Parts, from: *const f32, to: *mut f32) {
    let number = parts.number();
    for c in (0..parts.len).step_by(S::LANES) {
        let (mut down, mut right) = (0, 0);
        for first in (0..number).step_by(TOGETHER) {
            let count = TOGETHER.min(number - first);
            let mut rows = [s.splat(0.0); TOGETHER];
            // SAFETY: the caller's promise.
            unsafe {
                for row in rows.iter_mut().take(count) {
                    *row = s.load_first(from.add(down * parts.step[0] + right * parts.step[1] + c), parts.len - c);
                    right += 1;
                    if right == parts.count[1] {
                        (down, right) = (down + 1, 0);
                    }
                }
                s.store_transposed(to.add(c * number + first), number, rows, count, S::LANES.min(parts.len - c));
            }
        }
    }
}

/// The same for two parts.
///
/// # Safety
///
/// As for [`interleave`].
#[inline(always)]
unsafe fn interleave_two<S: Simd>(s: S, parts: &Parts, from: *const f32, to: *mut f32) {
    let second = from.wrapping_add(parts.step[1]);
    for c in (0..parts.len).step_by(S::LANES) {
        let rest = parts.len - c;
        // SAFETY: the caller's promise; no more is read than the parts have, or written than both together.
        unsafe {
            let [first, last] = s.alternating(s.load_first(from.add(c), rest), s.load_first(second.add(c), rest));
            s.store_first(to.add(2 * c), first, 2 * rest);
            if 2 * rest > S::LANES {
                s.store_first(to.add(2 * c + S::LANES), last, 2 * rest - S::LANES);
            }
        }
    }
}

/// The same for parts of a few numbers.
///
/// # Safety
///
/// As for [`interleave`].
#[inline(always)]
unsafe fn interleave_few(parts: &Parts, from: *const f32, to: *mut f32) {
    let number = parts.number();
    for i in 0..parts.count[0] {
        for j in 0..parts.count[1] {
            let from = from.wrapping_add(i * parts.step[0] + j * parts.step[1]);
            let to = to.wrapping_add(i * parts.count[1] + j);
            for c in 0..parts.len {
                // SAFETY: a number of a part, and its place in the pixel.
                unsafe { *to.add(c * number) = *from.add(c) };
            }
        }
    }
}

/// The parts are written.
struct TakeApart(Pixels);

impl Kernel for TakeApart {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self(pixels) = self;
        let Pixels { whole, parts, .. } = pixels;
        let number = parts.number();
        for y in pixels.partition.of(whole.height) {
            for x in 0..whole.width {
                let [from, to] = pixels.at(y, x);
                let mut first = 0;
                if parts.count == [2, 2] {
                    while parts.len - first >= S::LANES {
                        // SAFETY: four parts of a pixel, each with a vector from here on.
                        unsafe { four(s, from.add(4 * first), to.add(first), parts.step) };
                        first += S::LANES;
                    }
                }
                for i in 0..parts.count[0] {
                    for j in 0..parts.count[1] {
                        let to = to.wrapping_add(i * parts.step[0] + j * parts.step[1]);
                        let from = from.wrapping_add(i * parts.count[1] + j);
                        for c in first..parts.len {
                            // SAFETY: a number of the pixel, and its place in a map that was checked.
                            unsafe { *to.add(c) = *from.add(c * number) };
                        }
                    }
                }
            }
        }
    }
}

/// Writes a vector of each of four parts.
///
/// # Safety
///
/// Four vectors can be read, and one written at the place of each part.
#[inline(always)]
unsafe fn four<S: Simd>(s: S, from: *const f32, to: *mut f32, [down, right]: [usize; 2]) {
    // SAFETY: the caller's promise.
    unsafe {
        let [even, odd] = s.even_and_odd(s.load(from), s.load(from.add(S::LANES)));
        let [more_even, more_odd] = s.even_and_odd(s.load(from.add(2 * S::LANES)), s.load(from.add(3 * S::LANES)));
        let [first, third] = s.even_and_odd(even, more_even);
        let [second, fourth] = s.even_and_odd(odd, more_odd);
        s.store(to, first);
        s.store(to.add(right), second);
        s.store(to.add(down), third);
        s.store(to.add(down + right), fourth);
    }
}

//! The gradients of maxima. The first of several equal ones gets all of it, in the order of rows and of columns; where there is a NaN,
//! the first element of the window does.
//!
//! Windows overlap, so that threads share channels and not rows. All that is outside of them is 0.

use crate::exec::divide::div_ceil;
use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::kernels::pool::{AdaptivePool, Axis, ChannelPool, Pool2d, part};
use crate::place::bounds::{Checked, Reach, Region, assert_same_size};
use crate::place::map::Map;
use crate::simd::{Kernel, Simd};
use cnn_net::op::{self, Padding, Size};
use cnn_net::record;

/// The gradient of what the maximum over windows was taken of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxPoolGradient {
    /// What the maxima were taken of.
    pub input: Map,
    /// The gradient of the maxima.
    pub upstream: Map,
    /// The gradient of the input.
    pub output: Map,
    /// Extent of the window.
    pub kernel: Size,
    /// Step of the window.
    pub stride: Size,
    /// Padding, which is never the maximum.
    pub pad: Padding,
    /// Distance between the taps of a window.
    pub dilation: Size,
}

/// The gradient of a map of which the maxima of as many parts were taken as `upstream` has pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaptiveMaxPoolGradient {
    /// The map.
    pub input: Map,
    /// The gradient of the maxima.
    pub upstream: Map,
    /// The gradient of the map.
    pub output: Map,
}

/// The gradient of a map of which the maximum of each pixel's channels was taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelMaxGradient {
    /// The map.
    pub input: Map,
    /// The gradient of the maxima: a single channel.
    pub upstream: Map,
    /// The gradient of the map; may be the map itself.
    pub output: Map,
}

record! {
    MaxPoolGradient(#read input: Map, #read upstream: Map, output: Map, kernel: Size, stride: Size) {
        pad: Padding = Padding::NONE,
        dilation: Size = Size::square(1),
    }
}
record! { AdaptiveMaxPoolGradient(#read input: Map, #read upstream: Map, output: Map) }
record! { ChannelMaxGradient(#read input: Map, #read upstream: Map, output: Map) }
kernel_call! { MaxPoolGradient = max_pool_gradient, output: output }
kernel_call! { AdaptiveMaxPoolGradient = adaptive_max_pool_gradient, output: output }
kernel_call! { ChannelMaxGradient = channel_max_gradient, output: output }

impl MaxPoolGradient {
    /// Of a pooling of `input`.
    pub const fn of(pool: &op::Pool, input: Map, upstream: Map, output: Map) -> Self {
        let op::Pool { kernel, stride, pad, dilation, .. } = *pool;
        Self { input, upstream, output, kernel, stride, pad, dilation }
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in their channels, input and output in their size, or the output overlaps the others; if windows or taps
    /// don't move.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, output, .. } = &self;
        assert_same_size(input, output);
        self.layer(input).assert_windows();
        self.layer(output).assert_windows();
        Checked::new(self, Reach::to(output).reads(Region::of(input)).reads(Region::of(upstream)))
    }

    /// The layer whose gradient it is, or one over another map.
    const fn layer(&self, input: &Map) -> Pool2d {
        let Self { upstream, kernel, stride, pad, dilation, .. } = *self;
        Pool2d { input: *input, output: upstream, kernel, stride, pad, dilation, count_include_pad: false }
    }
}

impl AdaptiveMaxPoolGradient {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in their channels, input and output in their size, or the output overlaps the others.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, output } = self;
        assert_same_size(&input, &output);
        AdaptivePool { input, output: upstream }.assert_sizes();
        Checked::new(self, Reach::to(&output).reads(Region::of(&input)).reads(Region::of(&upstream)))
    }
}

impl ChannelMaxGradient {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If `upstream` is not a channel of the same size, or overlaps the output; if input and output differ in size, or overlap without
    /// being the same.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, output } = self;
        assert_same_size(&input, &output);
        ChannelPool { input, output: upstream }.assert_sizes();
        Checked::new(self, Reach::to(&output).reads_in_place(&input).reads(Region::of(&upstream)))
    }
}

/// Passes the gradient of each maximum over a window to where it was.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn max_pool_gradient(run: Run<'_>, layer: &Checked<MaxPoolGradient>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { max_pool_in(run, &layer.get(), ws) }
}

/// Passes the gradient of each maximum of a part to where it was.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn adaptive_max_pool_gradient(run: Run<'_>, layer: &Checked<AdaptiveMaxPoolGradient>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { adaptive_max_pool_in(run, &layer.get(), ws) }
}

/// Passes the gradient of each maximum of channels to where it was.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn channel_max_gradient(run: Run<'_>, layer: &Checked<ChannelMaxGradient>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { channel_max_in(run, &layer.get(), ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn max_pool_in(run: Run<'_>, layer: &MaxPoolGradient, ws: *mut f32) {
    let [rows, columns] = layer.layer(&layer.input).axes();
    let work = nanos_of_floats([layer.upstream.elements(), layer.kernel.area(), 3]);
    let maps = Maps { input: layer.input, upstream: layer.upstream, output: layer.output };
    // SAFETY: the caller's promise; partitions are channels.
    unsafe { run.split(work, |partition| Maxima::new(maps, [rows, columns], ws, partition)) };
}

/// # Safety
///
/// As for [`max_pool_in`].
unsafe fn adaptive_max_pool_in(run: Run<'_>, layer: &AdaptiveMaxPoolGradient, ws: *mut f32) {
    let AdaptiveMaxPoolGradient { input, upstream, output } = *layer;
    let rows = Parts { size: input.height, count: upstream.height };
    let columns = Parts { size: input.width, count: upstream.width };
    let work = nanos_of_floats([input.elements(), 4]);
    let maps = Maps { input, upstream, output };
    // SAFETY: the caller's promise; partitions are channels.
    unsafe { run.split(work, |partition| Maxima::new(maps, [rows, columns], ws, partition)) };
}

/// # Safety
///
/// As for [`max_pool_in`].
unsafe fn channel_max_in(run: Run<'_>, layer: &ChannelMaxGradient, ws: *mut f32) {
    let ChannelMaxGradient { input, upstream, output } = *layer;
    let rows = |partition: Partition| {
        for y in partition.of(output.height) {
            for x in 0..output.width {
                // SAFETY: the caller's promise; a pixel of each map, whose channels are read before they are written.
                unsafe {
                    let place = largest(ws.add(input.at(y, x)), input.channels);
                    let (upstream, to) = (*ws.add(upstream.at(y, x)), ws.add(output.at(y, x)));
                    to.write_bytes(0, output.channels);
                    *to.add(place) = upstream;
                }
            }
        }
    };
    // SAFETY: partitions are rows, and a row of the output needs the same row of the others alone.
    unsafe { run.each_partition(nanos_of_floats([8, output.elements()]), rows) };
    run.done();
}

/// The place of the first of the largest of `len` numbers, or of a NaN.
///
/// # Safety
///
/// They can be read, and there is at least one.
unsafe fn largest(from: *const f32, len: usize) -> usize {
    let mut place = 0;
    for c in 1..len {
        // SAFETY: the caller's promise.
        let (best, number) = unsafe { (*from.add(place), *from.add(c)) };
        if number > best || number.is_nan() {
            place = c;
        }
    }
    place
}

/// Windows in one direction.
trait Windows: Copy {
    /// The first row or column of a window, and how many there are.
    fn taps(self, window: usize) -> (usize, usize);

    /// The distance between them.
    fn step(self) -> usize;

    /// Whether none of them overlap.
    fn are_apart(self) -> bool;

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
    fn are_apart(self) -> bool {
        self.are_apart()
    }

    #[inline(always)]
    fn tile(self, count: usize) -> bool {
        self.tile(count)
    }
}

/// Parts of the whole.
#[derive(Clone, Copy)]
struct Parts {
    size: usize,
    /// How many there are.
    count: usize,
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
    fn are_apart(self) -> bool {
        self.count == 1
    }

    #[inline(always)]
    fn tile(self, _: usize) -> bool {
        self.count == 1
    }
}

/// The maps of a maximum.
#[derive(Clone, Copy)]
struct Maps {
    input: Map,
    upstream: Map,
    output: Map,
}

/// Some channels of a gradient.
struct Maxima<W> {
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
    unsafe fn new(maps: Maps, [rows, columns]: [W; 2], ws: *mut f32, partition: Partition) -> Self {
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
        for vector in self.partition.of(div_ceil(channels, S::LANES)) {
            let c = vector * S::LANES;
            if !tiles {
                self.clear(s, c);
            }
            self.windows(s, c);
        }
    }
}

impl<W: Windows> Maxima<W> {
    /// Zeroes a vector of channels from `c` on, of all pixels.
    #[inline(always)]
    fn clear<S: Simd>(&self, s: S, c: usize) {
        let output = &self.maps.output;
        for y in 0..output.height {
            for x in 0..output.width {
                // SAFETY: channels of a pixel of the output.
                unsafe { s.store_first(self.ws.add(output.at(y, x) + c), s.splat(0.0), output.channels - c) };
            }
        }
    }

    /// Takes the windows of a vector of channels from `c` on.
    #[inline(always)]
    fn windows<S: Simd>(&self, s: S, c: usize) {
        let Self { maps: Maps { input, upstream, output }, rows, columns, ws, .. } = *self;
        let apart = rows.are_apart() && columns.are_apart();
        let step = |map: Map| [rows.step() * map.row, columns.step() * map.pixel];
        for y in 0..upstream.height {
            let (row, height) = rows.taps(y);
            for x in 0..upstream.width {
                let (column, width) = columns.taps(x);
                let window = Window {
                    from: ws.wrapping_add(input.at(row, column) + c),
                    to: ws.wrapping_add(output.at(row, column) + c),
                    from_step: step(input),
                    to_step: step(output),
                    count: output.channels - c,
                    apart,
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

    /// Gives a pixel what is left of the gradient, in lanes in which it is not less than another; gives what is left then.
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

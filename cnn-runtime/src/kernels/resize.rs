//! Maps of another size.
//!
//! Vectors are over channels. Where an output lies between the pixels of the input is computed in whole numbers, so it is exact
//! for maps of any size.

mod axis;
mod interpolate;

pub(crate) use self::axis::Axis;
use self::interpolate::Interpolate;
use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::place::bounds::{Checked, Reach, Region, assert_product};
use crate::place::map::Map;
use crate::simd::{Kernel, Simd};
use cnn_net::record;

/// A map, and one of another height and width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResizeMap {
    /// What it reads.
    pub input: Map,
    /// What it writes.
    pub output: Map,
    /// Whether the middles of the corner pixels stay where they are; not looked at by [`nearest`].
    pub align_corners: bool,
}

record! { ResizeMap(#read input: Map, output: Map) { align_corners: bool = false } }
kernel_call! { NearestCall(ResizeMap) = nearest, output: output }
kernel_call! { BilinearCall(ResizeMap) = bilinear, output: output }
kernel_call! { BicubicCall(ResizeMap) = bicubic, output: output }

impl ResizeMap {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in their channels, overlap, or are so large that places in them can't be computed.
    pub const fn check(self) -> Checked<Self> {
        self.assert_sizes();
        Checked::new(self, Reach::to(&self.output).reads(Region::of(&self.input).spilling()))
    }

    /// Panics if the maps differ in their channels, or are so large that places in them can't be computed.
    pub(crate) const fn assert_sizes(&self) {
        let Self { input, output, .. } = self;
        assert!(input.channels == output.channels, "a resizing keeps the number of channels");
        assert_product(&[input.height, output.height, 8]);
        assert_product(&[input.width, output.width, 8]);
    }

    /// Where rows and columns lie between those of the input.
    pub(crate) const fn axes(&self) -> [Axis; 2] {
        let Self { input, output, align_corners } = self;
        if *align_corners {
            [Axis::of_corners(input.height, output.height), Axis::of_corners(input.width, output.width)]
        } else {
            [Axis::of_edges(input.height, output.height), Axis::of_edges(input.width, output.width)]
        }
    }
}

/// Copies the pixel at `floor(i * input / output)`.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn nearest(run: Run<'_>, layer: &Checked<ResizeMap>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { nearest_in(run, &layer.get(), ws) }
}

/// Interpolates between two rows and two columns.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn bilinear(run: Run<'_>, layer: &Checked<ResizeMap>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { interpolate_in::<2>(run, &layer.get(), ws) }
}

/// Interpolates between four rows and four columns.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn bicubic(run: Run<'_>, layer: &Checked<ResizeMap>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { interpolate_in::<4>(run, &layer.get(), ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn nearest_in(run: Run<'_>, layer: &ResizeMap, ws: *mut f32) {
    let work = nanos_of_floats([2, layer.output.elements()]);
    // SAFETY: the caller's promise; partitions are rows of the output, which is not the input.
    unsafe { run.split(work, |partition| Nearest::new(layer, ws, partition)) };
}

/// # Safety
///
/// As for [`nearest_in`].
unsafe fn interpolate_in<const T: usize>(run: Run<'_>, layer: &ResizeMap, ws: *mut f32) {
    let work = nanos_of_floats([T + 1, layer.output.elements()]);
    // SAFETY: the caller's promise; partitions are rows of the output, which is not the input.
    unsafe { run.split(work, |partition| Interpolate::<T>::new(layer, ws, partition)) };
}

struct Nearest<'a> {
    layer: &'a ResizeMap,
    ws: *mut f32,
    partition: Partition,
}

impl<'a> Nearest<'a> {
    /// # Safety
    ///
    /// As for [`nearest_in`]; other threads have other partitions.
    unsafe fn new(layer: &'a ResizeMap, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, ws, partition }
    }
}

impl Kernel for Nearest<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let ResizeMap { input, output, .. } = *self.layer;
        let rows = Axis::of_pixels(input.height, output.height);
        let columns = Axis::of_pixels(input.width, output.width);
        for y in self.partition.of(output.height) {
            let row = rows.at(y).whole;
            let mut place = columns.at(0);
            for x in 0..output.width {
                for c in (0..output.channels).step_by(S::LANES) {
                    // SAFETY: both pixels lie in maps that were checked, with a vector after the input.
                    unsafe {
                        let pixel = s.load(self.ws.add(input.at(row, place.whole) + c));
                        s.store_first(self.ws.add(output.at(y, x) + c), pixel, output.channels - c);
                    }
                }
                place = columns.next(place);
            }
        }
    }
}

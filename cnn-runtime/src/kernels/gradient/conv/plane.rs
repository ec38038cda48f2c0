//! Products with a plane: vectors hold pixels, for few outputs of a single channel, the first layers of nets for digits.
//!
//! A vector of outputs would be mostly padding, and one of the taps of a row too. So the gradients of the outputs are transposed into
//! planes, a block of lines at a time, and multiplied with the input as it lies. Each lane keeps its own sum until all images are
//! added up.

use core::ops::Range;

use crate::exec::divide::div;
use crate::kernels::gemm::evenly;
use crate::kernels::gradient::WeightGradient;
use crate::kernels::gradient::outer::{Tall, most, tall};
use crate::simd::{HALF_PANEL, Simd, Sound, UnsafeKernel};

use super::ConvWeightGradient;
use super::block::{Pixels, Shares};
use super::packed::{Buffers, INPUTS, UPSTREAM};

/// Planes that are multiplied with the same vectors of the input.
const PLANES: usize = 2;

impl ConvWeightGradient {
    /// How blocks divide the minibatch, if this is how it is computed: the same ones for all partitions of the outputs, so that sums are
    /// too.
    const fn planes<S: Simd>(&self) -> Option<Shares> {
        let Self { input, upstream, stride, groups, .. } = self;
        let is_plane = *groups == 1 && input.channels == 1 && input.pixel == 1 && stride.width == 1;
        let planes = upstream.channels.next_multiple_of(PLANES);
        let line = planes * upstream.width.next_multiple_of(S::LANES);
        let sums = planes * (self.kernel.area() + 1) * S::LANES;
        if !is_plane || upstream.channels > HALF_PANEL || line > UPSTREAM || line == 0 || sums > INPUTS {
            return None;
        }
        let lines = div(UPSTREAM, line);
        Some(Shares { images: 1, lines: if lines < upstream.height { lines } else { upstream.height } })
    }
}

/// The gradients of some outputs of a layer, computed in `buffers`. They are as [`WeightGradient::new`] promises, and the outputs those
/// of its partition.
pub(super) struct Planes<'a> {
    whole: &'a WeightGradient<ConvWeightGradient>,
    outputs: Range<usize>,
    shares: Shares,
    /// For each output and tap, and then for each output's bias: a sum in each lane.
    sums: *mut f32,
    /// For each output of a block: its lines, each padded to whole vectors with zeros.
    planes: *mut f32,
}

impl<'a> Planes<'a> {
    /// Nothing, if they are not to be computed like this.
    ///
    /// # Safety
    ///
    /// As the description of the type says; `buffers` are writable.
    pub(super) unsafe fn new<S: Simd>(
        whole: &'a WeightGradient<ConvWeightGradient>,
        outputs: Range<usize>,
        buffers: *mut Buffers,
    ) -> Option<Self> {
        let shares = whole.layer.planes::<S>()?;
        // SAFETY: the caller's promise.
        let [sums, planes] =
            unsafe { [(&raw mut (*buffers).inputs).cast::<f32>(), (&raw mut (*buffers).upstream).cast::<f32>()] };
        Some(Self { whole, outputs, shares, sums, planes })
    }

    /// How many planes there are.
    const fn count(&self) -> usize {
        (self.outputs.end - self.outputs.start).next_multiple_of(PLANES)
    }

    /// The sums of an output's tap, or of its bias.
    fn sum<S: Simd>(&self, plane: usize, tap: Option<usize>) -> *mut f32 {
        let filter = self.whole.layer.kernel.area();
        let index = tap.map_or(self.count() * filter + plane, |tap| plane * filter + tap);
        self.sums.wrapping_add(index * S::LANES)
    }

    /// Floats of a line of a plane.
    const fn line<S: Simd>(&self) -> usize {
        self.whole.layer.upstream.width.next_multiple_of(S::LANES)
    }
}

impl UnsafeKernel for Planes<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        let WeightGradient { layer, batch, to, to_bias, .. } = *self.whole;
        let filter = layer.kernel.area();
        // SAFETY: `planes` says that there is room for these.
        unsafe { self.sums.write_bytes(0, self.count() * (filter + 1) * S::LANES) };
        for pixels in Pixels::of(&layer.upstream, batch.images, self.shares) {
            let block = Block { of: &self, pixels };
            // SAFETY: the description of the type; a block of the minibatch.
            unsafe { block.add(s) };
        }
        for (plane, output) in self.outputs.clone().enumerate() {
            // SAFETY: the sums of an output are there, and so is room for its gradients.
            unsafe {
                for tap in 0..filter {
                    *to.wrapping_add(output * filter + tap) = s.reduce_sum(s.load(self.sum::<S>(plane, Some(tap))));
                }
                if let Some(to_bias) = to_bias {
                    *to_bias.wrapping_add(output) = s.reduce_sum(s.load(self.sum::<S>(plane, None)));
                }
            }
        }
    }
}

/// Some lines of an image; none, if there are no images.
struct Block<'a> {
    of: &'a Planes<'a>,
    pixels: Pixels,
}

impl Block<'_> {
    /// # Safety
    ///
    /// They are lines of the minibatch, which is as the description of [`Planes`] says.
    #[inline(always)]
    unsafe fn add<S: Simd>(&self, s: S) {
        let Self { of, pixels } = self;
        if pixels.images == 0 {
            return;
        }
        let kernel = of.whole.layer.kernel;
        // SAFETY: the caller's promise.
        unsafe {
            s.run(Sound::new(Transposed(self)));
            for plane in (0..of.count()).step_by(PLANES) {
                for ky in 0..kernel.height {
                    for (kx, count) in evenly(kernel.width, most::<S>()) {
                        tall(s, Taps { block: self, plane, ky, kx }, count);
                    }
                }
                s.run(Sound::new(Biases { block: self, plane }));
            }
        }
    }

    /// The workspace of the image.
    fn ws(&self) -> *const f32 {
        let WeightGradient { batch, ws, .. } = self.of.whole;
        ws.wrapping_add(self.pixels.image * batch.floats)
    }

    /// A line of a plane.
    fn line<S: Simd>(&self, plane: usize, line: usize) -> *mut f32 {
        self.of.planes.wrapping_add((plane * self.pixels.lines + line) * self.of.line::<S>())
    }
}

/// Transposes the gradients of a block's outputs into planes.
struct Transposed<'a>(&'a Block<'a>);

impl UnsafeKernel for Transposed<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        let block = self.0;
        let (upstream, outputs) = (&block.of.whole.layer.upstream, &block.of.outputs);
        let planes = block.pixels.lines * block.of.line::<S>();
        let half = s.half();
        // SAFETY: lines of the image, whose channels include the outputs; there is room for all planes, and no padding is left out.
        unsafe {
            block.of.planes.write_bytes(0, block.of.count() * planes);
            for line in 0..block.pixels.lines {
                let from = block.ws().wrapping_add(upstream.at(block.pixels.y + line, 0) + outputs.start);
                for x in (0..upstream.width).step_by(HALF_PANEL) {
                    let count = HALF_PANEL.min(upstream.width - x);
                    for first in (0..outputs.len()).step_by(<S::Half as Simd>::LANES) {
                        let pixel = |i: usize| {
                            let from = from.wrapping_add((x + i.min(count - 1)) * upstream.pixel + first);
                            half.load_first(from, outputs.len() - first)
                        };
                        let pixels: [<S::Half as Simd>::Vec; HALF_PANEL] = core::array::from_fn(pixel);
                        let to = block.line::<S>(first, line).wrapping_add(x);
                        half.store_transposed(to, planes, pixels, count, outputs.len() - first);
                    }
                }
            }
        }
    }
}

/// Some taps of a row of the filters of [`PLANES`] outputs, from one on.
struct Taps<'a> {
    block: &'a Block<'a>,
    plane: usize,
    ky: usize,
    kx: usize,
}

impl Tall for Taps<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd, const M: usize>(self, s: S) {
        // SAFETY: the caller's promise.
        s.run(unsafe { Sound::new(TapsKernel::<M>(self)) });
    }
}

/// `M` taps.
struct TapsKernel<'a, const M: usize>(Taps<'a>);

impl<const M: usize> UnsafeKernel for TapsKernel<'_, M> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        let Taps { block, plane, ky, kx } = self.0;
        let layer = &block.of.whole.layer;
        let ConvWeightGradient { input, upstream, stride, dilation, kernel, .. } = layer;
        let step = dilation.width;
        let row = block.pixels.y * stride.height + ky * dilation.height;
        let mut from = block.ws().wrapping_add(layer.conv().first() + row * input.row + kx * step);
        let mut gradients = block.line::<S>(plane, 0).cast_const();
        let (whole, rest) = (upstream.width - upstream.width % S::LANES, upstream.width % S::LANES);
        let plane_distance = block.pixels.lines * block.of.line::<S>();
        let mut tile = [[s.splat(0.0); PLANES]; M];
        for _ in 0..block.pixels.lines {
            // SAFETY: taps of windows of the line, and lines of planes.
            unsafe {
                for x in (0..whole).step_by(S::LANES) {
                    let taps = core::array::from_fn(|i| s.load(from.wrapping_add(x + i * step)));
                    multiply(s, &mut tile, gradients.wrapping_add(x), plane_distance, taps);
                }
                if rest > 0 {
                    let taps = core::array::from_fn(|i| s.load_lanes(from.wrapping_add(whole + i * step), 0, rest));
                    multiply(s, &mut tile, gradients.wrapping_add(whole), plane_distance, taps);
                }
            }
            from = from.wrapping_add(stride.height * input.row);
            gradients = gradients.wrapping_add(block.of.line::<S>());
        }
        for index in 0..PLANES {
            let to = block.of.sum::<S>(plane + index, Some(ky * kernel.width + kx));
            for (i, sums) in tile.iter().enumerate() {
                let to = to.wrapping_add(i * S::LANES);
                // SAFETY: the sums of a tap.
                unsafe { s.store(to, s.add(s.load(to), sums[index])) };
            }
        }
    }
}

/// Adds the products of some pixels of [`PLANES`] planes with those of the input under `M` taps.
///
/// # Safety
///
/// A vector of each plane is readable.
#[inline(always)]
unsafe fn multiply<S: Simd, const M: usize>(
    s: S,
    tile: &mut [[S::Vec; PLANES]; M],
    gradients: *const f32,
    distance: usize,
    taps: [S::Vec; M],
) {
    // SAFETY: the caller's promise.
    let gradients: [S::Vec; PLANES] =
        core::array::from_fn(|plane| unsafe { s.load(gradients.wrapping_add(plane * distance)) });
    for (sums, tap) in tile.iter_mut().zip(taps) {
        for (sum, gradient) in sums.iter_mut().zip(gradients) {
            *sum = s.mul_add(gradient, tap, *sum);
        }
    }
}

/// The biases of [`PLANES`] outputs, from one on.
struct Biases<'a> {
    block: &'a Block<'a>,
    plane: usize,
}

impl UnsafeKernel for Biases<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        let Self { block, plane } = self;
        let line = block.of.line::<S>();
        for plane in plane..plane + PLANES {
            let from = block.line::<S>(plane, 0);
            let mut sums = s.splat(0.0);
            // SAFETY: whole vectors of a plane, and the sums of a bias.
            unsafe {
                for x in (0..block.pixels.lines * line).step_by(S::LANES) {
                    sums = s.add(sums, s.load(from.wrapping_add(x)));
                }
                let to = block.of.sum::<S>(plane, None);
                s.store(to, s.add(s.load(to), sums));
            }
        }
    }
}

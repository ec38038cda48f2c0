//! Gradients of what the results of a normalisation are multiplied by, and of what is added.

use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::kernels::minibatch::sums::{ElementSums, Partials, Segment, reach, scratch_len, widen};
use crate::kernels::normalise::{EachSet, Moments, Set, each_set};
use crate::kernels::terms::PixelTerms;
use crate::place::bounds::{Checked, Region, assert_same_size};
use crate::place::map::Map;
use crate::place::spans::{Span, assert_apart, enter_shared};
use crate::place::workspace::Batch;
use crate::simd::{Kernel, Simd};
use cnn_net::op::Norm;
use cnn_net::record;

/// The gradients of a normalisation's `weight` and `bias`: with the normalised inputs `n`, `sum n * dy` and `sum dy`, in each channel, or
/// for each element in the order C, H, W.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormaliseWeightGradient {
    /// What the layer read.
    pub input: Map,
    /// The gradient of its output.
    pub upstream: Map,
    /// Which normalisation it is.
    pub norm: Norm,
    /// Where the gradients of `weight` are written, if they are wanted.
    pub weight: Option<usize>,
    /// Where those of `bias` are written.
    pub bias: Option<usize>,
    /// Where sums of an image are in its workspace: [`scratch_len`](Self::scratch_len) floats.
    pub scratch: usize,
}

record! {
    NormaliseWeightGradient(#read input: Map, #read upstream: Map, norm: Norm) {
        weight: Option<usize> = None,
        bias: Option<usize> = None,
        scratch: usize = 0,
    }
}
batch_call! { NormaliseWeightGradient = normalise_weight_gradient }

impl NormaliseWeightGradient {
    /// Floats of an image's workspace that its sums take.
    #[must_use]
    pub const fn scratch_len(channels: usize) -> usize {
        scratch_len(2, channels)
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or overlap the sums; if the gradients overlap.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, scratch, .. } = &self;
        assert_same_size(input, upstream);
        let reach = reach(*scratch, 2, input).reads(Region::of(input)).reads(Region::of(upstream));
        assert_apart(&self.spans(), &[]);
        Checked::new(self, reach)
    }

    const fn spans(&self) -> [Span; 2] {
        let Map { height, width, channels, .. } = self.input;
        let pixels = if self.norm.is_per_element() { [height, width] } else { [1, 1] };
        let factors = [channels, pixels[0], pixels[1]];
        [Span::optional(self.weight, &factors), Span::optional(self.bias, &factors)]
    }
}

/// Computes the gradients of a normalisation's tensors.
///
/// # Panics
///
/// If a workspace is too small, or `shared` ends early.
#[inline(always)]
pub fn normalise_weight_gradient(
    run: Run<'_>,
    layer: &Checked<NormaliseWeightGradient>,
    batch: Batch,
    ws: &mut [f32],
    shared: &mut [f32],
) {
    let (run, ws) = layer.enter_batch(run, batch, ws);
    let layer = layer.get();
    let shared = enter_shared(shared, &[&layer.spans()]);
    let to = [layer.weight, layer.bias].map(|offset| offset.map(|offset| shared.wrapping_add(offset)));
    // SAFETY: the layer was checked; the workspaces and the gradients are as large as it needs.
    unsafe {
        if layer.norm.is_per_element() {
            elements_in(run, &layer, batch, ws, to);
        } else {
            channels_in(run, &layer, batch, ws, to);
        }
    }
}

/// # Safety
///
/// The layer was checked, the workspaces are as large as it needs, and there is room for a number for each channel.
unsafe fn channels_in(
    run: Run<'_>,
    layer: &NormaliseWeightGradient,
    batch: Batch,
    ws: *mut f32,
    to: [Option<*mut f32>; 2],
) {
    let channels = layer.input.channels;
    // SAFETY: the caller's promise; partitions are images, and each writes in its own workspace.
    unsafe {
        let images = Images::new(layer, Partials::new(channels, batch, ws, layer.scratch), batch);
        let work = nanos_of_floats([4, batch.images, layer.input.elements()]);
        run.each_partition(work, |partition| run.part(Images { partition, ..images }));
        for channel in 0..channels {
            for (to, sum) in to.into_iter().zip(images.partials.total::<2>(channel)) {
                if let Some(to) = to {
                    *to.wrapping_add(channel) = sum as f32;
                }
            }
        }
    }
    run.done();
}

/// # Safety
///
/// The layer was checked, the workspaces are as large as it needs, and there is room for a number for each element.
unsafe fn elements_in(
    run: Run<'_>,
    layer: &NormaliseWeightGradient,
    batch: Batch,
    ws: *mut f32,
    to: [Option<*mut f32>; 2],
) {
    let work = nanos_of_floats([4, batch.images, layer.input.elements()]);
    // SAFETY: the caller's promise; partitions are images, and each writes in its own workspace, then pixels.
    unsafe {
        let images = Images::new(layer, Partials::new(layer.input.channels, batch, ws, layer.scratch), batch);
        run.each_partition(work, |partition| run.part(Images { partition, ..images }));
        ElementSums::new(Elements { layer }, layer.input, batch, ws, to).compute(run, work);
    }
    run.done();
}

/// The sums of each channel of some images, or, of layers with numbers for each element, the statistics.
#[derive(Clone, Copy)]
struct Images<'a> {
    layer: &'a NormaliseWeightGradient,
    partials: Partials,
    batch: Batch,
    partition: Partition,
}

impl<'a> Images<'a> {
    /// # Safety
    ///
    /// As for [`channels_in`] or [`elements_in`].
    unsafe fn new(layer: &'a NormaliseWeightGradient, partials: Partials, batch: Batch) -> Self {
        Self { layer, partials, batch, partition: Partition::WHOLE }
    }
}

impl Kernel for Images<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let NormaliseWeightGradient { input, norm, .. } = self.layer;
        for image in self.partition.of(self.batch.images) {
            // SAFETY: as promised to `new`.
            unsafe { self.partials.clear::<2>(image) };
            each_set(s, norm, input, Partition::WHOLE, &Image { images: &self, image });
        }
    }
}

/// An image.
struct Image<'a> {
    images: &'a Images<'a>,
    image: usize,
}

impl EachSet for Image<'_> {
    #[inline(always)]
    fn set<S: Simd>(&self, s: S, set: Set) {
        let Images { layer: NormaliseWeightGradient { input, upstream, norm, scratch, .. }, partials, .. } =
            self.images;
        let ws = partials.workspace(self.image);
        // SAFETY: the set lies in the input, which was checked.
        let moments = unsafe { Moments::of(s, norm, set, input, ws) };
        if norm.is_per_element() {
            // SAFETY: the sums of a channel take as many floats.
            unsafe { write(s, ws.wrapping_add(*scratch), moments) };
            return;
        }
        for segment in Segment::of(set.size.height, set.size.width) {
            for c in (0..set.channels).step_by(S::LANES) {
                let (channel, count) = (set.channel + c, set.channels - c);
                let (mut products, mut sum) = (s.splat(0.0), s.splat(0.0));
                for (y, x) in segment.each() {
                    let load = |map: &Map| {
                        let from = ws.wrapping_add(map.at(set.y + y, set.x + x) + channel);
                        // SAFETY: these are channels of both maps, which were checked.
                        unsafe { s.load_first(from, count) }
                    };
                    let slope = load(upstream);
                    sum = s.add(sum, slope);
                    products = s.mul_add(normalised(s, load(input), moments), slope, products);
                }
                let sums = [products, sum].map(|sum| widen(s, sum));
                // SAFETY: they are sums of the image; channels after those of the set are not added.
                unsafe { partials.add(s, self.image, channel, count, sums) };
            }
        }
    }
}

/// An input that is normalised.
#[inline(always)]
fn normalised<S: Simd>(s: S, x: S::Vec, Moments { mean, rest, factor, .. }: Moments<S>) -> S::Vec {
    s.mul(s.sub(s.sub(x, mean), rest), factor)
}

/// Writes statistics that are the same for all channels.
///
/// # Safety
///
/// Three floats can be written.
#[inline(always)]
unsafe fn write<S: Simd>(s: S, to: *mut f32, Moments { mean, rest, factor, .. }: Moments<S>) {
    for (i, number) in [mean, rest, factor].into_iter().enumerate() {
        // SAFETY: the caller's promise.
        unsafe { s.store_first(to.wrapping_add(i), number, 1) };
    }
}

/// Products of the upstream with normalised inputs, and the upstream, where the statistics of an image are one set.
#[derive(Clone, Copy)]
struct Elements<'a> {
    layer: &'a NormaliseWeightGradient,
}

impl PixelTerms<2> for Elements<'_> {
    #[inline(always)]
    unsafe fn at<S: Simd>(&self, s: S, ws: *const f32, (y, x): (usize, usize), c: usize, count: usize) -> [S::Vec; 2] {
        let NormaliseWeightGradient { input, upstream, scratch, .. } = self.layer;
        // SAFETY: the caller's promise; the statistics were written.
        unsafe {
            let load = |map: &Map| s.load_first(ws.wrapping_add(map.at(y, x) + c), count);
            let [mean, rest, factor] = [0, 1, 2].map(|i| s.splat(*ws.wrapping_add(scratch + i)));
            let difference = s.sub(s.sub(load(input), mean), rest);
            let slope = load(upstream);
            [s.mul(s.mul(difference, factor), slope), slope]
        }
    }
}

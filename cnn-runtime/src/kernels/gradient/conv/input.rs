//! The gradient of the input of a convolution without padding, from rows of windows.
//!
//! The windows of a row of the output cover floats of a row of the input that lie next to each other: the columns of a filter, each with
//! all channels. So a vector holds several columns, and is full even where channels are few; and no window is computed that lies
//! partly outside, as a transposed convolution does at the edges. Windows overlap, so their products are added to the row.

use crate::exec::divide::{div, div_ceil};
use crate::exec::run::{Partition, Run, nanos_of_macs};
use crate::kernels::gradient::outer::{Outer, Places, Target};
use crate::place::bounds::{Checked, Reach, Region, assert_product, weights_at};
use crate::place::map::Map;
use crate::simd::{HALF_PANEL, Kernel, Simd, Sound};
use cnn_net::op::{Conv, Padding, Size};
use cnn_net::record;

/// The gradient of what was convolved without padding, groups or dilation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvInputGradient {
    /// The gradient of the output. No halo is read.
    pub upstream: Map,
    /// The gradient of the input, whose pixels are next to each other.
    pub output: Map,
    /// Extent of a filter.
    pub kernel: Size,
    /// Step of the window.
    pub stride: Size,
    /// Where the weights begin in what all images share: for each filter, in the order height, width, channels.
    pub weights: usize,
}

record! {
    ConvInputGradient(#read upstream: Map, output: Map, kernel: Size) {
        stride: Size = Size::square(1),
        weights: usize = 0,
    }
}
kernel_call! { ConvInputGradient = conv_input_gradient, output: output, shared: weights }

/// How much longer a product takes here than in a transposed convolution, for what is added to memory.
const ADDED: f64 = 1.2;

impl ConvInputGradient {
    /// Whether it is the faster way to compute the gradient of an input of this size and with this many channels, from that of an output
    /// of this size, rather than a transposed convolution.
    #[must_use]
    pub fn is_faster(conv: &Conv, inputs: usize, input: Size, output: Size) -> bool {
        let Conv { kernel, stride, pad, dilation, groups, .. } = *conv;
        let here = output.area() * kernel.height * (kernel.width * inputs).next_multiple_of(HALF_PANEL);
        let phases = input.area() * kernel.area() * inputs.next_multiple_of(HALF_PANEL);
        pad == Padding::NONE
            && dilation == Size::square(1)
            && groups == 1
            && here as f64 * ADDED < phases as f64 / stride.area() as f64
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If windows don't move, lie outside of the input, or have no taps; if the pixels of the output are apart, or it overlaps what is
    /// read.
    pub const fn check(self) -> Checked<Self> {
        let Self { upstream, output, kernel, stride, .. } = &self;
        assert_product(&[kernel.height, kernel.width, output.channels, upstream.channels]);
        assert_product(&[upstream.height, stride.height, 2]);
        assert_product(&[upstream.width, stride.width, output.channels, 2]);
        let moves = stride.height > 0 && stride.width > 0 && kernel.height > 0 && kernel.width > 0;
        assert!(
            moves && upstream.height > 0 && upstream.width > 0,
            "windows that don't move, or have no taps, or none"
        );
        let inside = (upstream.height - 1) * stride.height + kernel.height <= output.height
            && (upstream.width - 1) * stride.width + kernel.width <= output.width;
        assert!(inside, "windows outside of the input");
        assert!(output.pixel == output.channels, "pixels that are apart");
        Checked::new(self, Reach::to(output).reads(Region::of(upstream)))
    }

    /// Floats of a row of a filter.
    const fn row(&self) -> usize {
        self.kernel.width * self.output.channels
    }
}

/// Computes the gradient of what was convolved. `shared` has the weights.
///
/// # Panics
///
/// If the workspace is too small, or `shared` ends early.
#[inline(always)]
pub fn conv_input_gradient(run: Run<'_>, layer: &Checked<ConvInputGradient>, shared: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let layer = layer.get();
    let weights = weights_at(shared, layer.weights, [layer.upstream.channels, layer.kernel.height, layer.row()]);
    // SAFETY: the layer was checked; the workspace and the weights are as large as it needs.
    unsafe { input_in(run, &layer, weights, ws) }
}

/// # Safety
///
/// The layer was checked, `ws` has as many floats as it needs, and `weights` has all filters.
unsafe fn input_in(run: Run<'_>, layer: &ConvInputGradient, weights: *const f32, ws: *mut f32) {
    let work = nanos_of_macs([layer.upstream.elements(), layer.kernel.height, layer.row()]);
    // SAFETY: the caller's promise; partitions are rows of the output, which is not what is read.
    unsafe { run.split(work, |partition| Rows::new(layer, weights, ws, partition)) };
}

/// Some rows.
struct Rows<'a> {
    layer: &'a ConvInputGradient,
    weights: *const f32,
    ws: *mut f32,
    partition: Partition,
}

impl<'a> Rows<'a> {
    /// # Safety
    ///
    /// As for [`input_in`]; other threads have other partitions.
    unsafe fn new(layer: &'a ConvInputGradient, weights: *const f32, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, weights, ws, partition }
    }
}

impl Kernel for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { layer: layer @ ConvInputGradient { upstream, output, kernel, stride, .. }, weights, ws, partition } =
            self;
        for y in partition.of(output.height) {
            let to = ws.wrapping_add(output.at(y, 0));
            // SAFETY: pixels of a row are next to each other.
            unsafe { to.write_bytes(0, output.width * output.channels) };
            // Rows of windows that cover it, and the row of the filter that is at it in the first of them.
            let first = div_ceil((y + 1).saturating_sub(kernel.height), stride.height);
            let end = (div(y, stride.height) + 1).min(upstream.height);
            if first >= end {
                continue;
            }
            let tap = y - first * stride.height;
            let product = Outer {
                rows: [0, upstream.width],
                depth: [1, end - first, upstream.channels],
                columns: layer.row(),
                a: (ws.wrapping_add(upstream.at(first, 0)), Places::Every(upstream.pixel), [0, upstream.row, 1]),
                b: (
                    weights.wrapping_add(tap * layer.row()),
                    // The next window is further down, so that its row of the filter is further up.
                    [0, (stride.height * layer.row()).wrapping_neg(), kernel.height * layer.row()],
                ),
                c: Target::Rows(to, stride.width * output.channels),
                adds: true,
            };
            // SAFETY: windows are inside of the input, and the rows of filters in the weights.
            s.run(unsafe { Sound::new(product) });
        }
    }
}

//! Losses with their gradients.

mod numbers;

pub use self::numbers::{NumbersLoss, binary_cross_entropy, mean_squared};

use crate::exec::run::Run;
use crate::kernels::softmax::SoftmaxPixel;
use crate::place::bounds::{Checked, Reach, assert_product, assert_same_size};
use crate::place::map::Map;
use crate::place::workspace::Batch;
use crate::simd::{Kernel, Simd, Sound, UnsafeKernel};
use cnn_net::record;

/// Cross entropy of the channels of each pixel with its class: `weight * -sum t_c ln(softmax(x)_c)`. A target `t` is `1 - smoothing` at
/// the class, plus `smoothing` spread evenly over all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossEntropy {
    /// The logits.
    pub logits: Map,
    /// Their gradients, `weight * (softmax(x)_c - t_c)`; may be where the logits are.
    pub output: Map,
    /// Where the loss of each pixel is written, and after these, for each pixel, 1 if the first largest logit is that of its class, or 0.
    pub loss: usize,
    /// What the loss counts: one over the pixels of all images, times the weight of an auxiliary classifier.
    pub weight: f32,
    /// The share of a target that is spread over all classes.
    pub smoothing: f32,
}

record! {
    CrossEntropy(#read logits: Map, output: Map) { loss: usize = 0, weight: f32 = 1.0, smoothing: f32 = 0.0 }
}

impl CrossEntropy {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or overlap without being the same; if the losses overlap one of them.
    pub const fn check(self) -> Checked<Self> {
        let Self { logits, output, loss, .. } = &self;
        assert_same_size(logits, output);
        assert_product(&[output.height, output.width, 2]);
        let reach = Reach::to(output).scratch(*loss, 2 * output.pixels());
        Checked::new(self, reach.reads_in_place(logits).with_slack())
    }
}

/// Computes the loss of an image, and its gradients, and counts hits. There is a class for each pixel, row by row.
///
/// # Panics
///
/// If the workspace is too small, if there are fewer classes than pixels, or if a class has no logit.
#[inline(always)]
pub fn cross_entropy(run: Run<'_>, layer: &Checked<CrossEntropy>, classes: &[u32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let layer = layer.get();
    assert!(layer.output.pixels() <= classes.len(), "a class for each pixel");
    let count = layer.output.channels;
    for class in classes {
        assert!((*class as usize) < count, "a target of class {class}, but there are only {count}, from 0 on");
    }
    // SAFETY: the layer and the classes were checked; the workspace is as large as it needs.
    unsafe { cross_entropy_in(run, &layer, classes, ws) }
}

/// # Safety
///
/// The layer and the classes were checked, and `ws` has as many floats as it needs.
unsafe fn cross_entropy_in(run: Run<'_>, layer: &CrossEntropy, classes: &[u32], ws: *mut f32) {
    // SAFETY: the caller's promise.
    run.alone(unsafe { CrossEntropyKernel::new(layer, classes, ws) });
}

/// All pixels.
struct CrossEntropyKernel<'a> {
    layer: &'a CrossEntropy,
    classes: &'a [u32],
    ws: *mut f32,
}

impl<'a> CrossEntropyKernel<'a> {
    /// # Safety
    ///
    /// As for [`cross_entropy_in`].
    unsafe fn new(layer: &'a CrossEntropy, classes: &'a [u32], ws: *mut f32) -> Self {
        Self { layer, classes, ws }
    }
}

impl Kernel for CrossEntropyKernel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { layer, classes, ws } = self;
        let CrossEntropy { logits, output, loss, weight, smoothing } = *layer;
        let pixels = (0..output.height).flat_map(|y| (0..output.width).map(move |x| (y, x)));
        for (pixel, ((y, x), class)) in pixels.zip(classes).enumerate() {
            let (from, to) = (ws.wrapping_add(logits.at(y, x)), ws.wrapping_add(output.at(y, x)));
            let softmax = SoftmaxPixel { from, to, len: output.channels, logarithm: false };
            let loss = ws.wrapping_add(loss + pixel);
            let hit = loss.wrapping_add(output.pixels());
            let pixel = Pixel { softmax, class: *class as usize, weight, smoothing, loss, hit };
            // SAFETY: both pixels lie in maps that were checked, each followed by a vector, and the losses in the workspace; the classes
            // were checked.
            s.run(unsafe { Sound::new(pixel) });
        }
    }
}

/// One pixel: the conditions of [`SoftmaxPixel`], there is such a class, and `loss` and `hit` can be written.
struct Pixel {
    softmax: SoftmaxPixel,
    class: usize,
    weight: f32,
    smoothing: f32,
    loss: *mut f32,
    hit: *mut f32,
}

impl UnsafeKernel for Pixel {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        let Self { softmax: SoftmaxPixel { from, to, len, .. }, class, weight, smoothing, loss, hit } = self;
        let share = 1.0 - smoothing;
        let spread = if smoothing == 0.0 { 0.0 } else { smoothing / len as f32 };
        // SAFETY: the caller's promise.
        unsafe {
            let largest = self.softmax.largest(s);
            // Before the logits may be overwritten.
            *hit = f32::from(is_first_largest(core::slice::from_raw_parts(from, len), class));
            let of_class = *from.wrapping_add(class);
            let of_all = if smoothing == 0.0 { 0.0 } else { self.sum_below(s, largest) };
            let sum = self.softmax.sum_of_exps(s, largest);
            let below = of_class - s.reduce_max(largest);
            *loss = weight * (libm::logf(sum) - share * below - spread * of_all);
            for i in (0..len).step_by(S::LANES) {
                let probability = s.div(s.load(to.wrapping_add(i)), s.splat(sum));
                let slope = s.mul(s.sub(probability, s.splat(spread)), s.splat(weight));
                s.store_first(to.wrapping_add(i), slope, len - i);
            }
            *to.wrapping_add(class) -= weight * share;
        }
    }
}

/// Whether no number is larger than this one, and none before it as large. A NaN counts as larger.
#[inline(always)]
fn is_first_largest(numbers: &[f32], index: usize) -> bool {
    let largest = numbers.get(index).copied().unwrap_or(f32::NAN);
    numbers.iter().enumerate().all(|(at, x)| if at < index { *x < largest } else { *x <= largest })
}

/// The sum over all images, from the first to the last, of `len` numbers from offset `at` in the workspace of each: of losses or hits.
///
/// # Panics
///
/// If a workspace is too small.
#[must_use]
pub fn sum_of_images(batch: Batch, at: usize, len: usize, ws: &[f32]) -> f64 {
    let numbers = |image: usize| &ws[image * batch.floats + at..][..len];
    (0..batch.images).flat_map(numbers).map(|number| f64::from(*number)).sum()
}

impl Pixel {
    /// The sum of `x - largest` over all logits.
    ///
    /// # Safety
    ///
    /// As the type's documentation says.
    #[inline(always)]
    unsafe fn sum_below<S: Simd>(&self, s: S, largest: S::Vec) -> f32 {
        let SoftmaxPixel { from, len, .. } = self.softmax;
        let mut sum = s.splat(0.0);
        for i in (0..len).step_by(S::LANES) {
            // SAFETY: a vector from any of the floats is readable.
            let x = unsafe { s.load(from.wrapping_add(i)) };
            sum = s.add(sum, s.select(s.first_lanes(len - i), s.sub(x, largest), s.splat(0.0)));
        }
        s.reduce_sum(sum)
    }
}

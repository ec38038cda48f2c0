//! Losses whose targets are numbers.

use crate::exec::run::Run;
use crate::place::bounds::{Checked, Reach, assert_product, assert_same_size};
use crate::place::map::Map;
use crate::simd::{Kernel, Simd, math};
use cnn_net::record;

/// A loss that compares each output with a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumbersLoss {
    /// The outputs; of binary cross entropy, the logits.
    pub input: Map,
    /// Their gradients; may be where the outputs are.
    pub output: Map,
    /// Where the loss is written: the sum over all outputs.
    pub loss: usize,
    /// What the loss counts: one over the outputs of all images, times the weight of an auxiliary output.
    pub weight: f32,
}

record! { NumbersLoss(#read input: Map, output: Map) { loss: usize = 0, weight: f32 = 1.0 } }

impl NumbersLoss {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or overlap without being the same; if the loss is in one of them.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, output, loss, .. } = &self;
        assert_same_size(input, output);
        assert_product(&[output.height, output.width, output.channels]);
        Checked::new(self, Reach::to(output).scratch(*loss, 1).reads_in_place(input))
    }
}

/// Mean squared error: `weight * (x - target)^2`, and its gradient `2 * weight * (x - target)`. Targets are in the order C, H, W.
///
/// # Panics
///
/// If the workspace is too small, or there are fewer targets than outputs.
#[inline(always)]
pub fn mean_squared(run: Run<'_>, layer: &Checked<NumbersLoss>, targets: &[f32], ws: &mut [f32]) {
    enter(run, layer, Squared, targets, ws);
}

/// Binary cross entropy of logits: `weight * -(t * ln(sigmoid(x)) + (1 - t) * ln(1 - sigmoid(x)))`, and its gradient
/// `weight * (sigmoid(x) - t)`. Targets are in the order C, H, W.
///
/// # Panics
///
/// If the workspace is too small, or there are fewer targets than logits.
#[inline(always)]
pub fn binary_cross_entropy(run: Run<'_>, layer: &Checked<NumbersLoss>, targets: &[f32], ws: &mut [f32]) {
    enter(run, layer, Binary, targets, ws);
}

#[inline(always)]
fn enter(run: Run<'_>, layer: &Checked<NumbersLoss>, loss: impl Loss, targets: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let layer = layer.get();
    assert!(layer.output.elements() <= targets.len(), "a target for each output");
    // SAFETY: the layer was checked; the workspace is as large as it needs, and there are enough targets.
    run.alone(unsafe { LossKernel::new(&layer, loss, targets.as_ptr(), ws) });
}

/// A loss of one output.
trait Loss {
    /// The loss, and its slope.
    fn eval<S: Simd>(&self, s: S, x: S::Vec, target: S::Vec) -> [S::Vec; 2];
}

struct Squared;
struct Binary;

impl Loss for Squared {
    #[inline(always)]
    fn eval<S: Simd>(&self, s: S, x: S::Vec, target: S::Vec) -> [S::Vec; 2] {
        let difference = s.sub(x, target);
        [s.mul(difference, difference), s.add(difference, difference)]
    }
}

impl Loss for Binary {
    #[inline(always)]
    fn eval<S: Simd>(&self, s: S, x: S::Vec, target: S::Vec) -> [S::Vec; 2] {
        let zero = s.splat(0.0);
        // Where the target is 1, a large `x` is subtracted from itself.
        let line = s.neg_mul_add(x, target, s.max(zero, x));
        let loss = s.add(line, math::softplus(s, s.sub(zero, s.abs(x))));
        [loss, s.sub(math::sigmoid(s, x), target)]
    }
}

/// All outputs of an image.
struct LossKernel<'a, L> {
    layer: &'a NumbersLoss,
    loss: L,
    targets: *const f32,
    ws: *mut f32,
}

impl<'a, L> LossKernel<'a, L> {
    /// # Safety
    ///
    /// The layer was checked, `ws` has as many floats as it needs, and there are as many targets as outputs.
    unsafe fn new(layer: &'a NumbersLoss, loss: L, targets: *const f32, ws: *mut f32) -> Self {
        Self { layer, loss, targets, ws }
    }
}

impl<L: Loss> Kernel for LossKernel<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let NumbersLoss { input, output, loss: to_loss, weight } = *self.layer;
        let (pixels, mut total) = (output.pixels(), 0.0);
        for y in 0..output.height {
            for x in 0..output.width {
                let mut sum = s.splat(0.0);
                for c in (0..output.channels).step_by(S::LANES) {
                    let count = S::LANES.min(output.channels - c);
                    let mut targets = [0.0; 16];
                    for (i, target) in targets.iter_mut().enumerate().take(count) {
                        let index = (c + i) * pixels + y * output.width + x;
                        // SAFETY: there is a target for each element of the map.
                        *target = unsafe { *self.targets.wrapping_add(index) };
                    }
                    // SAFETY: the channels are in both maps, which were checked; no vector has more than 16 lanes.
                    unsafe {
                        let value = s.load_first(self.ws.wrapping_add(input.at(y, x) + c), count);
                        let [loss, slope] = self.loss.eval(s, value, s.load(targets.as_ptr()));
                        let slope = s.mul(slope, s.splat(weight));
                        s.store_first(self.ws.wrapping_add(output.at(y, x) + c), slope, count);
                        sum = s.add(sum, s.select(s.first_lanes(count), loss, s.splat(0.0)));
                    }
                }
                total += f64::from(s.reduce_sum(sum));
            }
        }
        // SAFETY: the loss is in the workspace.
        unsafe { *self.ws.wrapping_add(to_loss) = (total * f64::from(weight)) as f32 };
    }
}

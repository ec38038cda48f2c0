//! Element-wise functions.
//!
//! Other kernels take an activation over as a `Finish`: functions that only clamp cost two instructions on results
//! that are still in registers; the rest run over a block of results that is still in the cache. There they see whole
//! vectors even where a map has few channels, and a kernel needs no code for each function.

use crate::bounds::{Checked, Reach, assert_same_size, weights_at};
use crate::map::Map;
use crate::math;
use crate::op::{Activation, PreluPer};
use crate::pack::padded;
use crate::run::{Run, Share, floats};
use crate::runs::Runs;
use crate::simd::{Kernel, Simd};

/// An element-wise function over a map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activate {
    /// What it reads.
    pub input: Map,
    /// What it writes; may be the input.
    pub output: Map,
    /// The function.
    pub activation: Activation,
}

/// `x` where `x >= 0`, else `slope * x` with learnt slopes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PreluMap {
    /// What it reads.
    pub input: Map,
    /// What it writes; may be the input.
    pub output: Map,
    /// Where the packed slopes ([`pack_slopes`](crate::pack::pack_slopes)) begin.
    pub weights: usize,
    /// Whether every pixel has slopes of its own.
    pub per: PreluPer,
}

impl Activate {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or overlap without being the same.
    pub const fn check(self) -> Checked<Self> {
        assert_same_size(&self.input, &self.output);
        Checked::new(self, Reach::to(&self.output).reads_in_place(&self.input))
    }
}

impl PreluMap {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or overlap without being the same.
    pub const fn check(self) -> Checked<Self> {
        assert_same_size(&self.input, &self.output);
        Checked::new(self, Reach::to(&self.output).reads_in_place(&self.input))
    }

    /// Rows of slopes.
    const fn rows(&self) -> usize {
        match self.per {
            PreluPer::Channel => 1,
            PreluPer::Element => self.input.pixels(),
        }
    }
}

/// Applies an element-wise function.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn activate(run: Run<'_>, layer: &Checked<Activate>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the workspace is as large as the layer needs.
    unsafe { activate_in(run, &layer.get(), ws) }
}

/// Applies `prelu`.
///
/// # Panics
///
/// If the workspace is too small, or the slopes end early.
#[inline(always)]
pub fn prelu(run: Run<'_>, layer: &Checked<PreluMap>, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let prelu = layer.get();
    let slopes = weights_at(weights, prelu.weights, [prelu.rows(), padded(prelu.input.channels)]);
    // SAFETY: the workspace and the slopes are as many as the layer needs.
    unsafe { prelu_in(run, &prelu, slopes, ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn activate_in(run: Run<'_>, layer: &Activate, ws: *mut f32) {
    let work = floats([2, layer.input.elements()]);
    // SAFETY: the caller's promise; shares are rows, and a row of the output needs the same row of the input alone.
    unsafe { run.split(work, |share| ActivateKernel::new(layer, ws, share)) };
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs; `slopes` are padded rows for it.
unsafe fn prelu_in(run: Run<'_>, layer: &PreluMap, slopes: *const f32, ws: *mut f32) {
    let work = floats([2, layer.input.elements()]);
    // SAFETY: the caller's promise; shares are rows, and a row of the output needs the same row of the input alone.
    unsafe { run.split(work, |share| Prelu::new(layer, slopes, ws, share)) };
}

/// What a kernel does to its results: a clamp in registers, then perhaps a pass over them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finish {
    /// Lower limit.
    pub(crate) low: f32,
    /// Upper limit.
    pub(crate) high: f32,
    /// What remains to be done in place.
    pub(crate) pass: Option<Activation>,
}

impl Finish {
    /// How to apply `activation`.
    pub(crate) const fn of(activation: Activation) -> Self {
        let (low, high, pass) = match activation {
            Activation::Identity => (f32::NEG_INFINITY, f32::INFINITY, None),
            Activation::Relu => (0.0, f32::INFINITY, None),
            Activation::Relu6 => (0.0, 6.0, None),
            other => (f32::NEG_INFINITY, f32::INFINITY, Some(other)),
        };
        Self { low, high, pass }
    }

    /// The clamp; lets NaN through.
    #[inline(always)]
    pub(crate) fn clamp<S: Simd>(&self, s: S, x: S::Vec) -> S::Vec {
        s.min(s.splat(self.high), s.max(s.splat(self.low), x))
    }
}

/// A function over a map.
struct ActivateKernel<'a> {
    layer: &'a Activate,
    ws: *mut f32,
    share: Share,
}

impl<'a> ActivateKernel<'a> {
    /// # Safety
    ///
    /// The layer was checked, and `ws` has as many floats as it needs; other threads have other shares.
    unsafe fn new(layer: &'a Activate, ws: *mut f32, share: Share) -> Self {
        Self { layer, ws, share }
    }
}

impl Kernel for ActivateKernel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Activate { input, output, activation } = *self.layer;
        let rows = self.share.of(input.height);
        if rows.is_empty() {
            return;
        }
        let (input, output) = (input.band(&rows), output.band(&rows));
        let runs = Runs::of([input, output].into_iter());
        for (row, column) in runs.starts() {
            // SAFETY: both runs lie in maps that were checked against the workspace, and they are equal or disjoint.
            unsafe {
                let (from, to) = (self.ws.add(input.at(row, column)), self.ws.add(output.at(row, column)));
                s.run(Apply::new(activation, from, to, runs.len));
            }
        }
    }
}

/// A function over a run of floats, of which none but these are touched.
pub(crate) struct Apply {
    activation: Activation,
    from: *const f32,
    to: *mut f32,
    len: usize,
}

impl Apply {
    /// Of `len` floats at `from`, into those at `to`.
    ///
    /// # Safety
    ///
    /// They must be readable and writable. The two runs are the same, or don't overlap.
    #[inline(always)]
    pub(crate) unsafe fn new(activation: Activation, from: *const f32, to: *mut f32, len: usize) -> Self {
        Self { activation, from, to, len }
    }

    /// In place.
    ///
    /// # Safety
    ///
    /// `len` floats at `at` must be readable and writable.
    #[inline(always)]
    pub(crate) unsafe fn in_place(activation: Activation, at: *mut f32, len: usize) -> Self {
        Self { activation, from: at, to: at, len }
    }
}

impl Kernel for Apply {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        match self.activation {
            Activation::Identity => self.each(s, Identity),
            Activation::Step => self.each(s, Step),
            Activation::Sigmoid => self.each(s, Sigmoid),
            Activation::Tanh => self.each(s, Tanh),
            Activation::Relu => self.each(s, Clamp { low: 0.0, high: f32::INFINITY }),
            Activation::Relu6 => self.each(s, Clamp { low: 0.0, high: 6.0 }),
            Activation::LeakyRelu { slope } => self.each(s, LeakyRelu { slope }),
            Activation::Elu { alpha } => self.each(s, Elu { alpha, gamma: 1.0 }),
            Activation::Selu { alpha, gamma } => self.each(s, Elu { alpha, gamma }),
            Activation::Softplus => self.each(s, Softplus),
            Activation::Softsign => self.each(s, Softsign),
            Activation::Gelu => self.each(s, Gelu),
            Activation::GeluTanh => self.each(s, GeluTanh),
            Activation::Silu => self.each(s, Silu),
            Activation::Mish => self.each(s, Mish),
            Activation::HardSigmoid { alpha, beta } => self.each(s, HardSigmoid { alpha, beta }),
            Activation::HardSwish => self.each(s, HardSwish),
        }
    }
}

impl Apply {
    #[inline(always)]
    fn each<S: Simd>(&self, s: S, function: impl Unary) {
        let mut i = 0;
        // SAFETY: `len` floats are readable and writable, and no others are touched.
        unsafe {
            while i + S::LANES <= self.len {
                s.store(self.to.add(i), function.eval(s, s.load(self.from.add(i))));
                i += S::LANES;
            }
            if i < self.len {
                let rest = self.len - i;
                s.store_first(self.to.add(i), function.eval(s, s.load_first(self.from.add(i), rest)), rest);
            }
        }
    }
}

/// A function of one number, on vectors.
trait Unary: Copy {
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec;
}

#[derive(Clone, Copy)]
struct Identity;

impl Unary for Identity {
    #[inline(always)]
    fn eval<S: Simd>(self, _: S, x: S::Vec) -> S::Vec {
        x
    }
}

#[derive(Clone, Copy)]
struct Step;

impl Unary for Step {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        s.select(s.less_or_equal(s.splat(0.0), x), s.splat(1.0), s.splat(0.0))
    }
}

#[derive(Clone, Copy)]
struct Sigmoid;

impl Unary for Sigmoid {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        math::sigmoid(s, x)
    }
}

#[derive(Clone, Copy)]
struct Tanh;

impl Unary for Tanh {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        math::tanh(s, x)
    }
}

#[derive(Clone, Copy)]
struct Clamp {
    low: f32,
    high: f32,
}

impl Unary for Clamp {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        s.min(s.splat(self.high), s.max(s.splat(self.low), x))
    }
}

#[derive(Clone, Copy)]
struct LeakyRelu {
    slope: f32,
}

impl Unary for LeakyRelu {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        leaky_relu(s, x, s.splat(self.slope))
    }
}

/// `x` where `x >= 0`, else `slope * x`.
#[inline(always)]
fn leaky_relu<S: Simd>(s: S, x: S::Vec, slope: S::Vec) -> S::Vec {
    s.select(s.less(x, s.splat(0.0)), s.mul(x, slope), x)
}

/// `gamma * (x > 0 ? x : alpha * (exp(x) - 1))`.
#[derive(Clone, Copy)]
struct Elu {
    alpha: f32,
    gamma: f32,
}

impl Unary for Elu {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        let zero = s.splat(0.0);
        let negative = s.mul(math::exp_m1_of_negative(s, s.min(zero, x)), s.splat(self.alpha));
        s.mul(s.select(s.less(zero, x), x, negative), s.splat(self.gamma))
    }
}

#[derive(Clone, Copy)]
struct Softsign;

impl Unary for Softsign {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        s.div(x, s.add(s.abs(x), s.splat(1.0)))
    }
}

#[derive(Clone, Copy)]
struct Silu;

impl Unary for Silu {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        s.mul(x, math::sigmoid(s, x))
    }
}

#[derive(Clone, Copy)]
struct Mish;

impl Unary for Mish {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        math::mish(s, x)
    }
}

#[derive(Clone, Copy)]
struct HardSigmoid {
    alpha: f32,
    beta: f32,
}

impl Unary for HardSigmoid {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        let line = s.mul_add(x, s.splat(self.alpha), s.splat(self.beta));
        s.min(s.splat(1.0), s.max(s.splat(0.0), line))
    }
}

#[derive(Clone, Copy)]
struct HardSwish;

impl Unary for HardSwish {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        let (alpha, beta) = (Activation::HARD_SIGMOID_ALPHA, Activation::HARD_SIGMOID_BETA);
        s.mul(x, HardSigmoid { alpha, beta }.eval(s, x))
    }
}

#[derive(Clone, Copy)]
struct Softplus;

impl Unary for Softplus {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        math::softplus(s, x)
    }
}

#[derive(Clone, Copy)]
struct Gelu;

impl Unary for Gelu {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        math::gelu(s, x)
    }
}

#[derive(Clone, Copy)]
struct GeluTanh;

impl Unary for GeluTanh {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        math::gelu_tanh(s, x)
    }
}

struct Prelu<'a> {
    layer: &'a PreluMap,
    slopes: *const f32,
    ws: *mut f32,
    share: Share,
}

impl<'a> Prelu<'a> {
    /// # Safety
    ///
    /// The layer was checked, and `ws` has as many floats as it needs; `slopes` are padded rows for it; other threads have
    /// other shares.
    unsafe fn new(layer: &'a PreluMap, slopes: *const f32, ws: *mut f32, share: Share) -> Self {
        Self { layer, slopes, ws, share }
    }
}

impl Kernel for Prelu<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let PreluMap { input, output, per, .. } = self.layer;
        let rows = self.share.of(input.height);
        for pixel in rows.start * input.width..rows.end * input.width {
            let (y, x) = (pixel / input.width, pixel % input.width);
            let row = match per {
                PreluPer::Channel => 0,
                PreluPer::Element => pixel * padded(input.channels),
            };
            let mut c = 0;
            while c < input.channels {
                let rest = input.channels - c;
                // SAFETY: the channels are in both maps, and there is a padded row of slopes for the pixel.
                unsafe {
                    let value = s.load_first(self.ws.add(input.at(y, x) + c), rest);
                    let slope = s.load(self.slopes.add(row + c));
                    let to = self.ws.add(output.at(y, x) + c);
                    s.store_first(to, leaky_relu(s, value, slope), rest);
                }
                c += S::LANES;
            }
        }
    }
}

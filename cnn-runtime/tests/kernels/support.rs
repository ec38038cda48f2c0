//! Workspaces with canaries, random numbers, and comparisons.

#[path = "../support/random.rs"]
mod random;

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use cnn_net::op::{Activation, Function, Padding};
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::exec::run::{Run, Threads};
use cnn_runtime::exec::threads::Pool;
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::SLACK;

pub(crate) use random::Rng;

/// The instruction sets to test: all of this CPU, or the one that `CNN_ISA` names.
pub(crate) fn isas() -> Vec<Isa> {
    match std::env::var_os("CNN_ISA").filter(|name| !name.is_empty()) {
        Some(_) => vec![Isa::from_env().unwrap_or_else(|why| panic!("{why}"))],
        None => Isa::all().collect(),
    }
}

impl Rng {
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// In -1..1.
    pub(crate) fn float(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    pub(crate) fn floats(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.float()).collect()
    }

    pub(crate) fn padding(&mut self, most: usize) -> Padding {
        let mut edge = || self.below(most + 1);
        Padding { top: edge(), left: edge(), bottom: edge(), right: edge() }
    }
}

/// A workspace that is being laid out.
#[derive(Default)]
pub(crate) struct Arena {
    pub(crate) ws: Vec<f32>,
}

impl Arena {
    /// A map of NaN with a halo of zeros, perhaps a slice of a wider one.
    pub(crate) fn map(&mut self, rng: &mut Rng, [height, width, channels]: [usize; 3], halo: Padding) -> Map {
        let (before, after) = rng.pick(&[(0, 0), (0, 0), (3, 0), (0, 5), (8, 9)]);
        self.slice([height, width, channels], halo, before, after)
    }

    /// A map with `before` and `after` channels of others around its own.
    pub(crate) fn slice(
        &mut self,
        [height, width, channels]: [usize; 3],
        halo: Padding,
        before: usize,
        after: usize,
    ) -> Map {
        let pixel = before + channels + after;
        let row = (halo.left + width + halo.right) * pixel;
        let start = self.ws.len() + 7;
        self.ws.resize(start, f32::NAN);
        self.ws.resize(start + (halo.top + height + halo.bottom) * row, 0.0);
        let map =
            Map { offset: start + halo.top * row + halo.left * pixel + before, height, width, channels, row, pixel };
        for y in 0..height {
            self.ws[map.offset - before + y * row..][..width * pixel].fill(f32::NAN);
        }
        map
    }

    pub(crate) fn fill(&mut self, map: &Map, mut value: impl FnMut() -> f32) {
        for at in indices(map) {
            self.ws[at] = value();
        }
    }

    /// The slack after the last map, of NaN.
    pub(crate) fn close(&mut self) {
        self.ws.resize(self.ws.len() + SLACK, f32::NAN);
    }

    pub(crate) fn get(&self, map: &Map, y: usize, x: usize, c: usize) -> f64 {
        f64::from(self.ws[index(map, y, x, c)])
    }
}

pub(crate) fn index(map: &Map, y: usize, x: usize, c: usize) -> usize {
    map.offset + y * map.row + x * map.pixel + c
}

/// Where the elements of a map are, in the order height, width, channels.
pub(crate) fn indices(map: &Map) -> Vec<usize> {
    let mut all = Vec::new();
    for y in 0..map.height {
        for x in 0..map.width {
            all.extend((0..map.channels).map(|c| index(map, y, x, c)));
        }
    }
    all
}

/// Numbers that are not to get lost in others, nor to spoil them.
pub(crate) const SPECIAL: [f32; 9] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 3e38, -3e38, 1e20, 1e6, -1e4, 1e3];

/// The largest of some numbers; NaN if one of them is.
pub(crate) fn largest(numbers: impl IntoIterator<Item = f64>) -> f64 {
    numbers.into_iter().fold(f64::NEG_INFINITY, |a, b| if a > b || a.is_nan() { a } else { b })
}

/// An exact result and how far a kernel may be from it.
#[derive(Clone, Copy)]
pub(crate) struct Expected {
    pub(crate) value: f64,
    pub(crate) tolerance: f64,
}

/// Pools that split even the smallest kernels; a WebAssembly module has one thread.
static POOLS: LazyLock<Mutex<Vec<Pool>>> = LazyLock::new(|| {
    let sizes = if cfg!(target_family = "wasm") { &[1][..] } else { &[2, 3, 5] };
    Mutex::new(sizes.iter().map(|threads| Pool::new(*threads).with_least_work(1)).collect())
});

/// Runs a kernel, compares its output, and everything else for being untouched. Then runs it on several threads, which
/// must leave the same bits.
pub(crate) fn check(
    isa: Isa,
    what: &str,
    arena: &Arena,
    output: &Map,
    kernel: impl Fn(Run<'_>, &mut [f32]),
    expected: impl Fn(usize, usize, usize) -> Expected,
) {
    let mut ws = arena.ws.clone();
    kernel(isa.into(), &mut ws);
    for y in 0..output.height {
        for x in 0..output.width {
            for c in 0..output.channels {
                let Expected { value, tolerance } = expected(y, x, c);
                let got = f64::from(ws[index(output, y, x, c)]);
                let close = (got - value).abs() <= tolerance || got == value || got.is_nan() && value.is_nan();
                assert!(close, "{what}: at y {y}, x {x}, c {c}: {got}, not {value} +- {tolerance:e}");
            }
        }
    }
    let written: HashSet<usize> = indices(output).into_iter().collect();
    for (at, (now, before)) in ws.iter().zip(&arena.ws).enumerate() {
        let same = now.to_bits() == before.to_bits();
        assert!(same || written.contains(&at), "{what}: wrote {at}, outside of its output {output:?}");
    }
    on_pools(isa, |run| {
        let mut shared = arena.ws.clone();
        kernel(run, &mut shared);
        for (at, (shared, alone)) in shared.iter().zip(&ws).enumerate() {
            assert!(shared.to_bits() == alone.to_bits(), "{what} on {run:?}: {shared} at {at}, not {alone}");
        }
    });
}

/// Calls a function with several threads, of different numbers.
pub(crate) fn on_pools(isa: Isa, mut function: impl FnMut(Run<'_>)) {
    // A pool that another test uses would leave this one to itself.
    for pool in &*POOLS.lock().unwrap_or_else(PoisonError::into_inner) {
        function(Run::new(isa).on(Threads::of(pool)));
    }
}

/// All activations.
pub(crate) const ACTIVATIONS: [Activation; 29] = [
    Activation::Identity,
    Activation::Step,
    Activation::Sigmoid,
    Activation::Tanh,
    Activation::Relu,
    Activation::Relu6,
    Activation::LeakyRelu { slope: 0.1 },
    Activation::Elu { alpha: 0.7 },
    Activation::Selu { alpha: Activation::SELU_ALPHA, gamma: Activation::SELU_GAMMA },
    Activation::Selu { alpha: 0.5, gamma: -1.5 },
    Activation::SOFTPLUS,
    Activation::Softplus { beta: 2.5, threshold: 2.0 },
    Activation::Softsign,
    Activation::Gelu,
    Activation::GeluTanh,
    Activation::Silu,
    Activation::Mish,
    Activation::HardSigmoid { alpha: Activation::HARD_SIGMOID_ALPHA, beta: Activation::HARD_SIGMOID_BETA },
    Activation::HardSigmoid { alpha: -0.5, beta: 0.75 },
    Activation::HardSwish,
    Activation::HardTanh { min: -1.0, max: 1.0 },
    Activation::HardTanh { min: 0.5, max: 2.5 },
    Activation::Celu { alpha: 1.0 },
    Activation::Celu { alpha: 0.3 },
    Activation::Threshold { threshold: 0.0, value: 0.0 },
    Activation::Threshold { threshold: -0.5, value: -0.5 },
    Activation::LogSigmoid,
    Activation::HardShrink { lambda: 0.5 },
    Activation::SoftShrink { lambda: 0.25 },
];

/// Activations by their formulas.
pub(crate) fn activate(activation: Activation, x: f64) -> f64 {
    let elu = |alpha: f64| if x > 0.0 { x } else { alpha * x.exp_m1() };
    let softplus = x.max(0.0) + (-x.abs()).exp().ln_1p();
    let sigmoid = 1.0 / (1.0 + (-x).exp());
    let hard_sigmoid = |alpha: f64, beta: f64| (alpha * x + beta).clamp(0.0, 1.0);
    match activation.closed() {
        Function::Identity => x,
        Function::Step => f64::from(x >= 0.0),
        Function::Sigmoid => sigmoid,
        Function::Tanh => x.tanh(),
        Function::Relu => {
            if x < 0.0 {
                0.0
            } else {
                x
            }
        }
        Function::Relu6 => x.clamp(0.0, 6.0),
        Function::LeakyRelu { slope } => {
            if x < 0.0 {
                f64::from(slope) * x
            } else {
                x
            }
        }
        Function::Elu { alpha } => elu(f64::from(alpha)),
        Function::Selu { alpha, gamma } => f64::from(gamma) * elu(f64::from(alpha)),
        Function::Softplus { beta, threshold } => {
            let (beta, scaled) = (f64::from(beta), f64::from(beta) * x);
            if scaled > f64::from(threshold) { x } else { (scaled.max(0.0) + (-scaled.abs()).exp().ln_1p()) / beta }
        }
        Function::Softsign => x / (1.0 + x.abs()),
        Function::Gelu => 0.5 * x * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2),
        Function::GeluTanh => gelu_tanh(x),
        Function::Silu => x * sigmoid,
        Function::Mish => x * softplus.tanh(),
        Function::HardSigmoid { alpha, beta } => hard_sigmoid(alpha.into(), beta.into()),
        Function::HardSwish => x * hard_sigmoid(1.0 / 6.0, 0.5),
        Function::HardTanh { min, max } => x.clamp(min.into(), max.into()),
        Function::Celu { alpha } => {
            let alpha = f64::from(alpha);
            if x > 0.0 { x } else { alpha * (x / alpha).exp_m1() }
        }
        Function::Threshold { threshold, value } => {
            if x <= f64::from(threshold) {
                value.into()
            } else {
                x
            }
        }
        Function::LogSigmoid => x.min(0.0) - (-x.abs()).exp().ln_1p(),
        Function::HardShrink { lambda } => {
            if x.abs() <= f64::from(lambda) {
                0.0
            } else {
                x
            }
        }
        Function::SoftShrink { lambda } => x.signum() * (x.abs() - f64::from(lambda)).max(0.0),
    }
}

/// `x * (1 + tanh(z)) / 2` as `x / (1 + exp(-2 z))`, which does not cancel.
pub(crate) fn gelu_tanh(x: f64) -> f64 {
    let z = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
    x / (1.0 + (-2.0 * z).exp())
}

/// What an activation of a sum may be: `x` is the exact sum, of which a kernel may be off by `tolerance`. No activation is
/// steeper than 1.76 (selu), but for the step.
pub(crate) fn activated(activation: Activation, x: f64, tolerance: f64) -> Expected {
    let value = activate(activation, x);
    let near_step = activation == Activation::Step && x.abs() <= tolerance;
    let tolerance = if near_step { 1.0 } else { 1.8 * tolerance + 1e-6 * value.abs() };
    Expected { value, tolerance }
}

//! The time of each kernel of a pass.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use cnn::Step;
use cnn_runtime::isa::Isa;

use super::peak::peak;
use super::{FEWEST, MEASURING};
use crate::registry::{Model, Runnable};

/// The kernels of a net, measured.
pub(super) struct Layers {
    pub(super) isa: &'static str,
    /// GFLOP/s of one core at most.
    pub(super) peak: f64,
    pub(super) layers: Vec<Layer>,
}

/// A kernel, measured.
pub(super) struct Layer {
    pub(super) step: &'static Step<'static>,
    /// The fastest pass.
    pub(super) min: Duration,
    pub(super) median: Duration,
}

impl Layers {
    /// Runs the net again and again, and looks at the clock after each kernel.
    pub(super) fn measure(net: &mut dyn Runnable, model: &Model, input: &[f32]) -> Self {
        let times = RefCell::new(vec![Vec::new(); model.steps.len()]);
        let begin = Instant::now();
        let mut passes = 0;
        while passes < FEWEST || begin.elapsed() < MEASURING {
            let mut last = Instant::now();
            let mut watch = |step: usize| {
                let now = Instant::now();
                times.borrow_mut()[step].push(now - last);
                last = Instant::now();
            };
            net.profile(input, &mut watch).expect("a net reads what its graph says");
            passes += 1;
        }
        let layer = |(step, mut times): (&'static Step<'static>, Vec<Duration>)| {
            times.sort_unstable();
            Layer { step, min: times[0], median: times[times.len() / 2] }
        };
        let isa = Isa::best();
        let layers = model.steps.iter().zip(times.into_inner()).map(layer).collect();
        Self { isa: isa.name(), peak: peak(isa), layers }
    }
}

impl Layer {
    /// GFLOP/s, counted for the layer as it is written down; nothing for kernels without weights.
    pub(super) fn gflops(&self) -> Option<f64> {
        let flops = 2.0 * self.step.macs as f64;
        (self.step.macs > 0).then(|| flops / self.min.as_secs_f64() * 1e-9)
    }
}

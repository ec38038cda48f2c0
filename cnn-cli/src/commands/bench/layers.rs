//! The time of each kernel of a pass.

use std::time::{Duration, Instant};

use cnn::DynNetwork;
use cnn::Step;
use cnn::graph::Graph;
use cnn_runtime::exec::isa::Isa;

use super::peak::peak;
use super::{FEWEST, repeat};
use crate::registry::Model;

/// The kernels of a net, measured.
pub(super) struct Layers {
    pub(super) isa: &'static str,
    /// Peak GFLOP/s of one core.
    pub(super) peak: f64,
    pub(super) layers: Vec<Layer>,
}

/// A measured kernel. Its times are per pass, over all images.
pub(super) struct Layer {
    pub(super) step: &'static Step<'static>,
    /// The net that it is a step of.
    pub(super) graph: &'static Graph<'static>,
    /// The fastest pass.
    pub(super) min: Duration,
    pub(super) median: Duration,
    images: usize,
}

impl Layers {
    /// Runs the net repeatedly, and reads the clock after each kernel.
    pub(super) fn measure(net: &mut dyn DynNetwork, model: &Model, input: &[f32], least: Duration) -> Self {
        let passes = repeat(least, FEWEST, "measuring layers", || pass(net, model.steps.len(), input));
        let layer = |(index, step): (usize, &'static Step<'static>)| {
            let mut times: Vec<Duration> = passes.iter().map(|pass| pass[index]).collect();
            times.sort_unstable();
            Layer { step, graph: model.graph, min: times[0], median: times[times.len() / 2], images: model.batch }
        };
        let isa = Isa::best();
        Self { isa: isa.name(), peak: peak(isa), layers: model.steps.iter().enumerate().map(layer).collect() }
    }
}

/// The time of each kernel in one pass. With several images, some kernels are called once per image.
fn pass(net: &mut dyn DynNetwork, steps: usize, input: &[f32]) -> Vec<Duration> {
    let mut times = vec![Duration::ZERO; steps];
    let mut last = Instant::now();
    let mut watch = |step: usize| {
        times[step] += last.elapsed();
        last = Instant::now();
    };
    net.profile(input, &mut watch).expect("the input has the size of a batch");
    times
}

impl Layer {
    /// GFLOP/s, counted for the layer as declared; `None` for kernels without weights.
    pub(super) fn gflops(&self) -> Option<f64> {
        let macs = self.step.macs(self.graph);
        let flops = 2.0 * (macs * self.images as u64) as f64;
        (macs > 0).then(|| flops / self.min.as_secs_f64() * 1e-9)
    }
}

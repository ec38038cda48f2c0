//! The gradients of merges as the compiler and the trace see them.

use alloc::vec::Vec;

use cnn_net::literal::{Literal, Rust};

#[cfg(feature = "kernels")]
use super::{MergeGradient, add_gradient, maximum_gradient, mul_gradient, sub_gradient};
#[cfg(feature = "kernels")]
use crate::exec::run::Run;
use crate::kernels::call::KernelCall;
use crate::kernels::merge::Merging;
use crate::place::map::Map;

/// [`add_gradient`], [`sub_gradient`], [`mul_gradient`] or [`maximum_gradient`] with its numbers.
#[derive(Clone, Debug)]
pub struct MergeGradientCall {
    /// What was merged.
    pub inputs: Vec<Map>,
    /// Which of them it is the gradient of.
    pub index: usize,
    /// The gradient of what they became.
    pub upstream: Map,
    /// The gradient of the input.
    pub output: Map,
    /// What was done to them.
    pub merging: Merging,
}

impl Literal for MergeGradientCall {
    fn write(&self, to: &mut Rust) {
        to.path("MergeGradient::new(&[");
        for input in &self.inputs {
            to.read(input);
            to.push(", ");
        }
        to.push("], ");
        self.index.write(to);
        to.push(", ");
        to.read(&self.upstream);
        to.push(", ");
        self.output.write(to);
        to.push(")");
    }
}

impl KernelCall for MergeGradientCall {
    fn function(&self) -> &'static str {
        match self.merging {
            Merging::Difference if self.index > 0 => "sub_gradient",
            Merging::Sum | Merging::Difference => "add_gradient",
            Merging::Product => "mul_gradient",
            Merging::Maximum => "maximum_gradient",
        }
    }

    fn descriptor(&self) -> (&'static str, &dyn Literal) {
        ("MergeGradient<'static>", self)
    }

    fn output(&self) -> Option<(Map, &'static str)> {
        Some((self.output, ".output"))
    }

    #[cfg(feature = "kernels")]
    fn run(&self, run: Run<'_>, _: &[f32], _: &[f32], ws: &mut [f32]) {
        let function = match self.merging {
            Merging::Difference if self.index > 0 => sub_gradient,
            Merging::Sum | Merging::Difference => add_gradient,
            Merging::Product => mul_gradient,
            Merging::Maximum => maximum_gradient,
        };
        function(run, &MergeGradient::new(&self.inputs, self.index, self.upstream, self.output).check(), ws);
    }
}

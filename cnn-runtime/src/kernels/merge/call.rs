//! Merges as the compiler and the trace see them.

use alloc::vec::Vec;

use cnn_net::literal::{Literal, Rust};
use cnn_net::op::Activation;

#[cfg(feature = "kernels")]
use super::{Merge, add, maximum, mul, sub};
#[cfg(feature = "kernels")]
use crate::exec::run::Run;
use crate::kernels::call::KernelCall;
use crate::place::map::Map;

/// [`add`], [`sub`], [`mul`] or [`maximum`] with its numbers.
#[derive(Clone, Debug)]
pub struct MergeCall {
    /// What it reads.
    pub inputs: Vec<Map>,
    /// What it writes.
    pub output: Map,
    /// Applied last.
    pub activation: Activation,
    /// What it does to them.
    pub merging: Merging,
}

/// What several maps become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merging {
    /// Their sum.
    Sum,
    /// The first minus the others.
    Difference,
    /// Their product.
    Product,
    /// The largest of them.
    Maximum,
}

impl Literal for MergeCall {
    fn write(&self, to: &mut Rust) {
        to.path("Merge::new(&[");
        for input in &self.inputs {
            to.read(input);
            to.push(", ");
        }
        to.push("], ");
        self.output.write(to);
        to.push(")");
        if self.activation != Activation::Identity {
            to.push(".activation(");
            self.activation.write(to);
            to.push(")");
        }
    }
}

impl KernelCall for MergeCall {
    fn function(&self) -> &'static str {
        match self.merging {
            Merging::Sum => "add",
            Merging::Difference => "sub",
            Merging::Product => "mul",
            Merging::Maximum => "maximum",
        }
    }

    fn descriptor(&self) -> (&'static str, &dyn Literal) {
        ("Merge<'static>", self)
    }

    fn output(&self) -> Option<(Map, &'static str)> {
        Some((self.output, ".output"))
    }

    #[cfg(feature = "kernels")]
    fn run(&self, run: Run<'_>, _: &[f32], _: &[f32], ws: &mut [f32]) {
        let function = match self.merging {
            Merging::Sum => add,
            Merging::Difference => sub,
            Merging::Product => mul,
            Merging::Maximum => maximum,
        };
        function(run, &Merge::new(&self.inputs, self.output).activation(self.activation).check(), ws);
    }
}

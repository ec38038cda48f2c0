//! Sums and products of maps.

use cnn_net::op::{Activation, Size};
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::merge;
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::Batch;

use super::maker::{Maker, of_map};
use super::{Case, Writes};

#[derive(Debug)]
struct Merge {
    product: bool,
    inputs: Vec<Map>,
    output: Map,
    activation: Activation,
}

pub(super) fn merge(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let (size, channels) = (maker.size(20), maker.channels());
    let (first, product) = (maker.plain(size, channels), maker.choices.once_in(2));
    let mut inputs = vec![first];
    for _ in 0..maker.choices.below(4) {
        let pixel = product && maker.choices.once_in(3);
        let next = if pixel { maker.plain(Size::square(1), first.channels) } else { maker.same(first) };
        inputs.push(next);
    }
    Box::new(Merge { product, inputs, output: maker.same(first), activation: maker.activation() })
}

impl Case for Merge {
    fn numbers(&mut self) -> Vec<&mut usize> {
        self.inputs.iter_mut().chain([&mut self.output]).flat_map(of_map).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        let kernel = if self.product { merge::mul } else { merge::add };
        let Self { inputs, output, activation, .. } = self;
        let layer = merge::Merge { inputs, output: *output, activation: (*activation).into() };
        kernel(run, &layer.check(), ws);
    }

    fn writes(&self) -> Writes {
        self.output.into()
    }
}

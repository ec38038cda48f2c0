//! Sums, differences, products and maxima of maps.

use cnn_net::op::{Activation, Size};
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::merge;
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::Batch;

use super::maker::{Maker, of_map};
use super::{Case, Writes};

#[derive(Debug)]
struct Merge {
    /// Which of the four.
    kind: usize,
    inputs: Vec<Map>,
    output: Map,
    activation: Activation,
}

pub(super) fn merge(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let (size, channels) = (maker.size(20), maker.channels());
    let (first, kind) = (maker.plain(size, channels), maker.choices.below(4));
    let mut inputs = vec![first];
    for _ in 0..maker.choices.below(4) {
        let next = match maker.choices.below(6) {
            0 => maker.plain(Size::square(1), channels),
            1 => maker.plain(size, 1),
            2 => maker.plain(Size::square(1), 1),
            _ => maker.same(first),
        };
        inputs.push(next);
    }
    // In the place of an input, or apart from all: two slices of the same pixels may overlap in part.
    let output = match inputs.len() {
        1 => maker.same(first),
        _ if maker.choices.once_in(2) => first,
        _ => maker.plain(size, channels),
    };
    Box::new(Merge { kind, inputs, output, activation: maker.activation() })
}

impl Case for Merge {
    fn numbers(&mut self) -> Vec<&mut usize> {
        self.inputs.iter_mut().chain([&mut self.output]).flat_map(of_map).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        let Self { inputs, output, activation, .. } = self;
        let layer = merge::Merge { inputs, output: *output, activation: (*activation).into() }.check();
        match self.kind {
            0 => merge::add(run, &layer, ws),
            1 => merge::sub(run, &layer, ws),
            2 => merge::mul(run, &layer, ws),
            _ => merge::maximum(run, &layer, ws),
        }
    }

    fn writes(&self) -> Writes {
        self.output.into()
    }
}

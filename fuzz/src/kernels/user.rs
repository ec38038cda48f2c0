//! Functions and layers by the user.

use cnn_net::op::{Shape, UserFunction, UserLayer, UserTensor};
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::user::{self, CustomMap, MapEach};
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::Batch;

use super::maker::{Maker, of_map};
use super::{Case, Writes};

pub(super) fn map_each(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let (size, channels) = (maker.size(9), maker.channels());
    let input = maker.plain(size, channels);
    let function = UserFunction::new("f").code(|values| values.iter_mut().for_each(|value| *value = 1.0 - *value));
    Box::new(MapEach { input, output: maker.same(input), function })
}

impl Case for MapEach {
    fn numbers(&mut self) -> Vec<&mut usize> {
        [&mut self.input, &mut self.output].into_iter().flat_map(of_map).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        user::map_each(run, &self.check(), ws);
    }

    fn writes(&self) -> Writes {
        self.output.into()
    }
}

#[derive(Debug)]
struct Custom {
    inputs: Vec<Map>,
    output: Map,
    layer: UserLayer,
    weights: usize,
    scratch: usize,
}

impl Custom {
    fn layer(&self) -> CustomMap<'_> {
        CustomMap::new(&self.inputs, self.output, self.layer).weights(self.weights).scratch(self.scratch)
    }

    fn floats(&self) -> usize {
        CustomMap::scratch_floats(&self.layer, self.inputs.iter().map(Map::elements).sum())
    }
}

/// Uses all that it is given.
fn forward(inputs: &[f32], tensors: &[f32], scratch: &mut [f32], output: &mut [f32]) {
    scratch.fill(tensors.iter().sum());
    let sum: f32 = scratch.iter().sum();
    output.iter_mut().zip(inputs.iter().rev().cycle()).for_each(|(to, from)| *to = from + sum);
}

const TENSORS: &[UserTensor] = &[UserTensor::new("weight", [3, 2])];

pub(super) fn custom(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let mut map = || {
        let (size, channels) = (maker.size(9), maker.channels());
        maker.plain(size, channels)
    };
    let (first, output) = (map(), map());
    let inputs = (0..maker.choices.below(3)).fold(vec![first], |inputs, _| {
        let (size, channels) = (maker.size(4), maker.channels());
        [inputs, vec![maker.plain(size, channels)]].concat()
    });
    let shape = Shape::map(output.channels, output.height, output.width);
    let scratch = maker.choices.below(5);
    let layer = UserLayer::new("Layer", shape).inputs(inputs.len()).scratch(scratch).tensors(TENSORS).code(forward);
    let mut case = Custom { inputs, output, layer, weights: maker.weights(layer.weights()), scratch: 0 };
    case.scratch = maker.scratch(case.floats());
    Box::new(case)
}

impl Case for Custom {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let maps = self.inputs.iter_mut().chain([&mut self.output]).flat_map(of_map);
        maps.chain([&mut self.weights, &mut self.scratch, &mut self.layer.scratch, &mut self.layer.inputs]).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, weights: &[f32], ws: &mut [f32]) {
        user::custom(run, &self.layer().check(), weights, ws);
    }

    fn writes(&self) -> Writes {
        let scratch = self.scratch..self.scratch + self.floats();
        Writes { maps: vec![self.output], ranges: vec![scratch] }
    }
}

//! Functions and layers by the user.

use cnn_net::op::{Shape, Size, UserFunction, UserLayer, UserTensor};
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::gradient::user::{self as gradient, CustomGradient, MapGradient};
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

pub(super) fn map_gradient(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let (size, channels) = (maker.size(9), maker.channels());
    let input = maker.plain(size, channels);
    let function = UserFunction::new("f").slope(|values| values.iter_mut().for_each(|value| *value = -1.0));
    Box::new(MapGradient { input, upstream: maker.same(input), output: maker.plain(size, channels), function })
}

impl Case for MapGradient {
    fn numbers(&mut self) -> Vec<&mut usize> {
        [&mut self.input, &mut self.upstream, &mut self.output].into_iter().flat_map(of_map).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        gradient::map_gradient(run, &self.check(), ws);
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
    Box::new(layer(maker))
}

fn layer(maker: &mut Maker<'_, '_>) -> Custom {
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
    case
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

/// The gradients of a layer; what its output would be is their upstream.
#[derive(Debug)]
struct Gradient {
    of: Custom,
    output: Map,
}

impl Gradient {
    fn layer(&self) -> CustomGradient<'_> {
        let Custom { inputs, output: upstream, layer, weights, scratch } = &self.of;
        CustomGradient::new(inputs, *upstream, self.output, *layer, *weights).scratch(*scratch)
    }
}

/// Uses all that it is given.
fn backward(inputs: &[f32], tensors: &[f32], upstream: &[f32], scratch: &mut [f32], gradients: &mut [f32]) {
    forward(inputs, tensors, scratch, gradients);
    gradients.iter_mut().zip(upstream.iter().cycle()).for_each(|(to, upstream)| *to += upstream);
}

pub(super) fn custom_gradient(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let mut of = layer(maker);
    of.layer = of.layer.backward(backward);
    let len = CustomGradient::gradients_len(&of.layer, of.inputs.iter().map(Map::elements).sum());
    Box::new(Gradient { output: maker.plain(Size::square(1), len), of })
}

impl Case for Gradient {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let output = of_map(&mut self.output);
        self.of.numbers().into_iter().chain(output).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, weights: &[f32], ws: &mut [f32]) {
        gradient::custom_gradient(run, &self.layer().check(), weights, ws);
    }

    fn writes(&self) -> Writes {
        Writes { maps: vec![self.output], ..self.of.writes() }
    }
}

use cnn::custom::{Custom, Shape, Tensor};

struct Layer;

impl Custom<1, 2> for Layer {
    const INPUTS: [Shape; 1] = [Shape::map(3, 8, 8)];
    const OUTPUT: Shape = Shape::map(5, 8, 8);
    const TENSORS: [Tensor; 2] = [Tensor::new("weight", [5, 3]), Tensor::buffer("shift", [5])];
    const SCRATCH: usize = 64;

    fn forward(_: [&[f32]; 1], _: [&[f32]; 2], _: &mut [f32], _: &mut [f32]) {}
}

cnn::network! {
    Net: 3x8x8 -> 10 {
        custom(Layer, 5x8x8, scratch = 64, weight = 5x3, shift = buffer(5)) { conv(3, 1x1); };
        linear(10);
    }
}

fn main() {}

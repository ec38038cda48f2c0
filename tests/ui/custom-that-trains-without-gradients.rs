use cnn::custom::{Custom, Shape, Tensor};

struct Twice;

impl Custom for Twice {
    const INPUTS: [Shape; 1] = [Shape::Vector(4)];
    const OUTPUT: Shape = Shape::Vector(4);
    const TENSORS: [Tensor; 0] = [];

    fn forward([x]: [&[f32]; 1], []: [&[f32]; 0], _: &mut [f32], output: &mut [f32]) {
        output.iter_mut().zip(x).for_each(|(to, x)| *to = 2.0 * x);
    }
}

cnn::network! {
    #[train(batch = 4)]
    pub Net: 8 -> 3 { fc1: linear(4) -> custom(Twice, 4) -> fc2: linear(3); }
}

fn main() {}

mod layers {
    pub struct Layer;
}

cnn::network! {
    Net: 3x8x8 -> 10 {
        custom(layers::Layer, 5x8x8);
        linear(10);
    }
}

fn main() {}

cnn::network! {
    Net: 3x8x8 -> 10 {
        custom(layers::Layer);
        custom(5x8x8);
        custom(layers::Layer, 5x8);
        linear(10);
    }
}

fn main() {}

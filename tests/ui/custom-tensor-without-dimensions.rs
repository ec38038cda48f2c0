cnn::network! {
    Net: 3x8x8 -> 10 {
        custom(layers::Layer, 5x8x8, weight = 2x2x2x2x2);
        custom(layers::Layer, 5x8x8, weight = true, x3 = 2, bias = relu(2));
        custom(layers::Layer, 5x8x8, weight = 2, weight = 3);
        custom(layers::Layer, 5x8x8, weight = 0);
        custom(layers::Layer, 5x8x8, weight = 100000x100000);
        custom(layers::Layer, 5x8x8, 16);
        linear(10);
    }
}

fn main() {}

cnn::network! {
    block double(width: usize, act: Layer = relu) {
        conv(width, 3x3) -> act -> conv(width, 3x3) -> act;
    }
    Net: 1x28x28 -> 10 {
        double(6);
        linear(10);
    }
}

fn main() {}

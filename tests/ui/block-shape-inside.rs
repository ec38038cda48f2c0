cnn::network! {
    block down(width) {
        conv(width, 3x3) -> relu -> max_pool(2x2);
    }

    Net: 3x16x16 -> 10 {
        stem: down(8);
        layer1: down(16);
        layer2: down(32);
        flatten -> linear(10);
    }
}

fn main() {}

cnn::network! {
    block conv(width) {
        max_pool(width);
    }

    Net: 3x16x16 -> 10 {
        conv(4);
        flatten -> linear(10);
    }
}

fn main() {}

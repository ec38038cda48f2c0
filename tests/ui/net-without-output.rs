cnn::network! {
    Net: 1x8x8 -> {
        conv(4, 3x3) -> flatten -> linear(5);
    }
}

fn main() {}

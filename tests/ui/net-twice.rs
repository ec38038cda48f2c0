cnn::network! {
    Net: 3x16x16 -> 10 {
        flatten -> linear(10);
    }

    Net: 1x8x8 -> 4 {
        flatten -> linear(4);
    }
}

fn main() {}

cnn::network! {
    Net: 1x8x8 -> 4 {
        flatten -> linear(4);
    }

    Longer = Net {
        linear(2);
    }
}

fn main() {}

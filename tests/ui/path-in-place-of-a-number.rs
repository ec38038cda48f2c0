cnn::network! {
    Net: 3x8x8 -> 10 {
        conv(sizes::WIDTH, 3x3);
        conv(8, 3x3, pad = sizes::PAD);
        linear(crate::);
    }
}

fn main() {}

cnn::network! {
    Net: 8x16x16 -> 8x16x16 {
        add { a: conv(8, 3x3, pad = 1); b: conv(1, 3x3, stride = 2, pad = 1); };
    }
}

fn main() {}

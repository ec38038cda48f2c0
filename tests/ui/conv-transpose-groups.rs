cnn::network! {
    Net: 8x16x16 -> 6x32x32 {
        up: conv_transpose(6, 2x2, stride = 2, groups = 4);
    }
}

fn main() {}

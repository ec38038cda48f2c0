cnn::network! {
    Net: 8x16x16 -> 4x32x32 {
        up: conv_transpose(4, 4x4, stride = 2, pad = same);
    }
}

fn main() {}

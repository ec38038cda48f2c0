cnn::network! {
    Net: 8x2x2 -> 4x1x1 {
        up: conv_transpose(4, 2x2, stride = 2, pad = (1, 3));
    }
}

fn main() {}

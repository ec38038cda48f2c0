cnn::network! {
    Net: 8x16x16 -> 4x33x33 {
        up: conv_transpose(4, 2x2, stride = 2, output_pad = 2);
    }
}

fn main() {}

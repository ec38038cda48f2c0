cnn::network! {
    Net: 100 -> 3x8x8 {
        fc: linear(512) -> relu;
        up: conv_transpose(3, 4x4, stride = 2, pad = 1);
    }
}

fn main() {}

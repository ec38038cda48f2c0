cnn::network! {
    Net: 4x8x8 -> 4x8x8 {
        keep features;
        conv1: conv(4, 3x3, pad = 1) -> from features -> relu;
    }
}

fn main() {}

cnn::network! {
    Net: 3x8x8 -> 4x8x8 {
        first: conv(4, 3x3, pad = 1) -> relu;
        again first;
    }
}

fn main() {}

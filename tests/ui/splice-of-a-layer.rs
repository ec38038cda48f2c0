cnn::network! {
    Net: 4x8x8 -> 4x8x8 { ..conv(4, 1x1); }
}

fn main() {}

cnn::network! {
    Net: 100 -> 1 { channel_mean; }
    Over: 3x8x8 -> 1x8x8 { channel_max(1); }
}

fn main() {}

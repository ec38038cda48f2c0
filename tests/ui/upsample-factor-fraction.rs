use cnn::network;

network! {
    Net: 3x4x4 -> 3x6x6 { upsample(1.5); }
}

fn main() {}

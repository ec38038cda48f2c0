use cnn::network;

network! {
    Net: 3x4x4 -> 48 { flatten -> upsample(2); }
}

fn main() {}

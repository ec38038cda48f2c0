use cnn::network;

network! {
    Net: 3x4x4 -> 3x8x8 { resize(8x8, mode = linear); }
}

fn main() {}

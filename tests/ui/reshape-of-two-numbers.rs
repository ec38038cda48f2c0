use cnn::network;

network! {
    Net: 8x4x4 -> 2x8x8 { reshape(2x64); }
}

fn main() {}

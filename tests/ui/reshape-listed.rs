use cnn::network;

network! {
    Net: 8x4x4 -> 2x8x8 { reshape(2, 8, 8); }
}

fn main() {}

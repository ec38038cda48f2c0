use cnn::network;

network! {
    Net: 8x4x4 -> 2x8x9 { reshape(2x8x9); }
}

fn main() {}

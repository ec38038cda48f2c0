use cnn::network;

network! {
    Net: 8x4x4 -> 4x4x4 { channels(4); }
}

fn main() {}

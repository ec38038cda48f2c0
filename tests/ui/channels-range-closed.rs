use cnn::network;

network! {
    Net: 8x4x4 -> 4x4x4 { channels(0..=3); }
}

fn main() {}

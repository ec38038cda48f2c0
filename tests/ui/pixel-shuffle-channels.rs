use cnn::network;

network! {
    Net: 6x4x4 -> 3x8x8 { pixel_shuffle(2); }
}

fn main() {}

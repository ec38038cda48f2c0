use cnn::network;

network! {
    Net: 12x4x4 -> 3x8x8 { pixel_shuffle(2x2); }
}

fn main() {}

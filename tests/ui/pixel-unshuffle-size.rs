use cnn::network;

network! {
    Net: 3x5x6 -> 12x2x3 { pixel_unshuffle(2); }
}

fn main() {}

use cnn::network;

network! {
    Net: 3x6x6 -> 3x8x8 { crop(8); }
}

fn main() {}

use cnn::network;

network! {
    Net: 3x6x6 -> 3x2x2 { crop((3, 0, 3, 0)); }
}

fn main() {}

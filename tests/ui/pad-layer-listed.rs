use cnn::network;

network! {
    Net: 3x6x6 -> 3x9x9 { pad(1, 1, 2, 2); }
}

fn main() {}

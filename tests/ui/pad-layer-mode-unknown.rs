use cnn::network;

network! {
    Net: 3x6x6 -> 3x8x8 { pad(1, mode = constant); }
}

fn main() {}

use cnn::network;

network! {
    Net: 3x2x6 -> 3x6x6 { pad(2x0, mode = reflect); }
}

fn main() {}

use cnn::network;

network! {
    Net: 6x4x4 -> 6x4x4 { channel_shuffle(4); }
}

fn main() {}

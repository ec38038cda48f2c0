use cnn::network;

network! {
    Net: 3x4x4 -> 3x8x8 { upsample(2, align_corners = true); }
}

fn main() {}

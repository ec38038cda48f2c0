cnn::network! {
    block max(n) { conv(n, 3x3, pad = 1); }
    Net: 8x16x16 -> 8x16x16 { conv(8, 1x1); }
}

fn main() {}

cnn::network! {
    block body(n) { conv(n, 1x1); }
    Net: 4x8x8 -> 4x8x8 { features: ..body(4); }
}

fn main() {}

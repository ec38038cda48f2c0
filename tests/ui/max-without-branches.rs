cnn::network! {
    Net: 8x16x16 -> 8x8x8 { max(2x2); }
    One: 8x16x16 -> 8x16x16 { sub { skip; }; }
}

fn main() {}

cnn::network! {
    Net: 8x16x16 -> 8x16x16 {
        sub { skip; a: conv(4, 3x3, pad = 1); };
    }
}

fn main() {}

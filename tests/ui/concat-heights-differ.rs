cnn::network! {
    Net: 3x16x16 -> 10 {
        concat { a: conv(8, 1x1); b: conv(8, 3x3); c: conv(8, 5x5, pad = 2); } -> relu;
        flatten -> linear(10);
    }
}

fn main() {}

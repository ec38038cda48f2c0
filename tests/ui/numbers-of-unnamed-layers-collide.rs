cnn::network! {
    Net: 3x16x16 -> 10 {
        conv(8, 3x3) -> add { conv(8, 3x3, pad = 1); skip; };
        flatten -> linear(10);
    }
}

fn main() {}

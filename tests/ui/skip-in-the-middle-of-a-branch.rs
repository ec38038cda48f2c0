cnn::network! {
    Net: 3x16x16 -> 10 {
        add { conv(3, 3x3, pad = 1) -> skip; skip; };
        flatten -> linear(10);
    }
}

fn main() {}

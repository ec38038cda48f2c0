cnn::network! {
    Net: 8x16x16 -> 10 {
        add { conv(8, 3x3); skip; };
        flatten -> linear(10);
    }
}

fn main() {}

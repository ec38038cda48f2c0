cnn::network! {
    Net: 3x16x16 -> 10 {
        flatten -> linear(7) -> glu;
        linear(10);
    }
}

fn main() {}

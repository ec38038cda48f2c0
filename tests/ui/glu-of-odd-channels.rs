cnn::network! {
    Net: 3x16x16 -> 10 {
        glu;
        flatten -> linear(10);
    }
}

fn main() {}

cnn::network! {
    Net: 3x16x16 -> 10 {
        scale(2x2);
        flatten -> linear(10);
    }
}

fn main() {}

cnn::network! {
    Net: 3x16x16 -> 10 {
        threshold(0.1);
        flatten -> linear(10);
    }
}

fn main() {}

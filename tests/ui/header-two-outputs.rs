cnn::network! {
    Net: 3x16x16 -> (10, 5) {
        flatten -> linear(10);
    }
}

fn main() {}

cnn::network! {
    Net: 16x16 -> 10 {
        flatten -> linear(10);
    }
}

fn main() {}

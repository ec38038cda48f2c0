cnn::network! {
    Net: 3x16x16 -> 10 {
        flatten -> linear(0);
    }
}

fn main() {}

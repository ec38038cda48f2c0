cnn::network! {
    Net: 1x3x16x16 -> 10 {
        flatten -> linear(10);
    }
}

fn main() {}

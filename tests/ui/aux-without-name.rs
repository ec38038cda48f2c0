cnn::network! {
    Net: 3x16x16 -> 10 {
        aux { flatten -> linear(10); };
        flatten -> linear(10);
    }
}

fn main() {}

cnn::network! {
    Net: 3x100000x100000 -> 10 {
        flatten -> linear(10);
    }
}

fn main() {}

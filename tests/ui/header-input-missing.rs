cnn::network! {
    Net {
        flatten -> linear(10);
    }
}

fn main() {}

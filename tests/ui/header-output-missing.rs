cnn::network! {
    Net: 3x16x16 {
        flatten -> linear(10);
    }
}

fn main() {}

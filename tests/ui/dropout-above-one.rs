cnn::network! {
    Net: 3x16x16 -> 10 {
        dropout(1.5);
        flatten -> linear(10);
    }
}

fn main() {}

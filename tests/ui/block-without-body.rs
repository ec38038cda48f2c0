cnn::network! {
    block wide(width);

    Net: 3x16x16 -> 10 {
        flatten -> linear(10);
    }
}

fn main() {}

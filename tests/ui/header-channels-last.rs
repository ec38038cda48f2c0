cnn::network! {
    Net: 28x28x1 -> 10 {
        conv(8, 3x3);
        flatten -> linear(10);
    }
}

fn main() {}

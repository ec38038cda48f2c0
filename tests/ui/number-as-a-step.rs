cnn::network! {
    Net: 3x16x16 -> 10 {
        8;
        flatten -> linear(10);
    }
}

fn main() {}

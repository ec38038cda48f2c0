cnn::network! {
    Net: 3x16x16 -> 10 {
        max_pool(2x2, ceil);
        flatten -> linear(10);
    }
}

fn main() {}

cnn::network! {
    Net: 8x1x1 -> 10 {
        max_pool(2x2);
        flatten -> linear(10);
    }
}

fn main() {}

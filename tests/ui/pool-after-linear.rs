cnn::network! {
    Net: 3x16x16 -> 10 {
        linear(100) -> relu -> max_pool(2x2);
        linear(10);
    }
}

fn main() {}

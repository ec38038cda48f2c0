cnn::network! {
    Net: 1x28x28 -> 10 {
        let x = conv(6, 5x5) -> relu;
        let mut y = max_pool(2x2);
        linear(10);
    }
}

fn main() {}

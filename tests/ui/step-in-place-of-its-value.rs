cnn::network! {
    Net: 1x28x28 -> 10 {
        features: conv(6, 5x5) -> relu;
        linear(10);
        add { skip; features -> linear(10); };
    }
}

fn main() {}

cnn::network! {
    Net: 1x28x28 -> 10 {
        features.0: conv(6, 5x5) -> relu;
        layer1.0.conv-1: conv(6, 5x5) -> relu;
        self.fc = linear(10);
    }
}

fn main() {}

cnn::network! {
    Net: 1x28x28 -> 10 {
        conv1 = conv(6, 5x5) -> relu;
        "fc.0" = linear(10);
    }
}

fn main() {}

cnn::network! {
    Net: 3x16x16 -> 10 {
        conv1: conv(8, 3x3) -> relu -> flatten;
        conv2: conv(8, 3x3) -> relu;
        linear(10);
    }
}

fn main() {}

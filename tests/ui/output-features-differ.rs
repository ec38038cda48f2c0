cnn::network! {
    Net: 3x16x16 -> 10 {
        conv1: conv(8, 3x3) -> relu -> max_pool(2x2);
        fc1: linear(100) -> relu;
        fc2: linear(12) -> softmax;
    }
}

fn main() {}

cnn::network! {
    Net: 3x16x16 -> 10 {
        conv1: conv(8, 5x5) -> relu -> max_pool(2x2);
        conv2: conv(16, 5x5) -> relu -> max_pool(2x2);
        conv3: conv(32, 3x3) -> relu;
        flatten -> linear(10);
    }
}

fn main() {}

cnn::network! {
    Net: 3x16x16 -> 10 {
        conv1: conv(8, 3x3) -> relu -> max_pool(2x2);
        conv2: conv(16, 3x3, pad = 1, dilation = 5) -> relu;
        flatten -> linear(10);
    }
}

fn main() {}

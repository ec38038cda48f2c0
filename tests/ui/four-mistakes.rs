cnn::network! {
    Net: 3x16x16 -> 10 {
        conv1: conv(8, 3x3, strid = 1) -> relu -> max_pool(2x2);
        conv2: conv(0, 3x3) -> relu;
        conv3: conv(16, 3x3) -> gelo;
        fc: linear(10, bias = maybe);
    }
}

fn main() {}

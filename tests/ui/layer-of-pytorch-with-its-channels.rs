cnn::network! {
    Net: 3x16x16 -> 10 {
        conv1: conv(3, 64, 3);
        bn1: batch_norm(64);
        Conv2d(64, 32, 3, padding = 1) -> ReLU(inplace = true);
        linear(4608, 10);
    }
}

fn main() {}

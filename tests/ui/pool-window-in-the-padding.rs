cnn::network! {
    Net: 3x16x16 -> 10 {
        conv(8, 16x1) -> max_pool(1x2, pad = (0, 16), dilation = 1 x 20);
        flatten -> linear(10);
    }
}

fn main() {}

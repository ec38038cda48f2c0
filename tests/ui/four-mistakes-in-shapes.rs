cnn::network! {
    Net: 3x16x16 -> 10 {
        conv1: conv(8, 3x3, groups = 2) -> relu -> max_pool(2x2);
        add { conv2: conv(16, 3x3, pad = 1); skip; } -> relu;
        aux head(weight = 0.3) { conv(8, 9x9) -> relu -> linear(10); };
        fc: linear(12);
    }
}

fn main() {}

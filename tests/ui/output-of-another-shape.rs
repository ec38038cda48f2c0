cnn::network! {
    Net: 3x8x8 -> { coarse: 4x2x2, scores: 10 } {
        conv(4, 3x3, pad = 1) -> max_pool(2x2);
        output coarse;
        output scores { linear(11); };
    }
}

fn main() {}

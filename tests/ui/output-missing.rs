cnn::network! {
    Net: 3x8x8 -> { coarse: 4x4x4, fine: 4x8x8 } {
        conv(4, 3x3, pad = 1) -> max_pool(2x2);
        output coarse;
    }
}

fn main() {}

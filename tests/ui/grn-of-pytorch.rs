cnn::network! {
    Net: 3x16x16 -> 8x16x16 {
        conv(8, 1x1) -> GlobalResponseNorm(8);
        grn(8) -> grn(epsilon = 1e-5);
        grn(channels_last = false);
    }
}

fn main() {}

cnn::network! {
    Net: 3x8x8 -> 3x16x16 {
        upsample(2, mode = "bilinear");
        gelu(approximate = "tanh");
    }
}

fn main() {}

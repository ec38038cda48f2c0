cnn::network! {
    Net: 64x16x16 -> 32x32x32 {
        up: ConvTranspose2d(64, 32, 3, stride = 2, padding = 1, output_padding = 1);
    }
}

fn main() {}

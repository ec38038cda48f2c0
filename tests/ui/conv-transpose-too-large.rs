cnn::network! {
    Net: 8x512x512 -> 64x32768x32768 {
        up: conv_transpose(64, 64x64, stride = 64);
    }
}

fn main() {}

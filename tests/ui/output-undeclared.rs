cnn::network! {
    Net: 3x8x8 -> 4x8x8 {
        conv(4, 3x3, pad = 1);
        output map;
    }
}

fn main() {}

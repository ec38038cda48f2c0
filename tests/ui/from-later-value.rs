cnn::network! {
    Net: 4x8x8 -> 4x8x8 {
        add { skip; from features; };
        keep features;
        conv1: conv(4, 3x3, pad = 1);
    }
}

fn main() {}

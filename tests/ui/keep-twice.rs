cnn::network! {
    Net: 4x8x8 -> 4x8x8 {
        conv1: conv(4, 3x3, pad = 1);
        keep features;
        conv2: conv(4, 3x3, pad = 1);
        keep features;
        add { skip; from features; };
    }
}

fn main() {}

cnn::network! {
    Net: 4x8x8 -> 4x4x4 {
        keep features;
        conv1: conv(4, 3x3, stride = 2, pad = 1);
        add { skip; from features; };
    }
}

fn main() {}

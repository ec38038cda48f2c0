cnn::network! {
    const WIDTH: usize = 4;
    Net: 4x8x8 -> 4x8x8 { conv(WIDTH, 1x1); }
}

fn main() {}

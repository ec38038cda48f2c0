cnn::network! {
    Net: 4x8x8 -> 8x8x8 {
        [{ concat { conv(4, 1x1); conv(4, 1x1); }; conv(8, 1x1); }; 25];
    }
}

fn main() {}

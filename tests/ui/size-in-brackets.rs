cnn::network! {
    Net: 3x8x8 -> 4x8x8 {
        conv(4, [3, 3], pad = 1);
    }

    Shape: [3, 8, 8] -> 2 {
        flatten -> linear(2);
    }
}

fn main() {}

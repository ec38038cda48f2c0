cnn::network! {
    Net: { left: 1x8x8, right: 4 } -> 5 {
        conv(4, 3x3) -> flatten;
        concat { skip; from right; } -> linear(5);
    }
}

fn main() {}

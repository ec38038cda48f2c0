cnn::network! {
    Net: 4x8x8 -> 8x8x8 {
        keep early;
        relu;
        concat { early; skip; };
    }
}

fn main() {}

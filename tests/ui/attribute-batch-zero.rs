cnn::network! {
    #[batch(0)]
    Net: 1x4x4 -> 3 {
        flatten -> linear(3);
    }

    #[batch]
    Other: 1x4x4 -> 3 {
        flatten -> linear(3);
    }
}

fn main() {}

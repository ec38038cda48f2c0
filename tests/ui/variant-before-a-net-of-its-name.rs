cnn::network! {
    #[batch(8)]
    Other = Net;

    Net: 1x8x8 -> 4 {
        flatten -> linear(4);
    }

    Other: 1x4x4 -> 4 {
        flatten -> linear(4);
    }
}

fn main() {}

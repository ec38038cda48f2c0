cnn::network! {
    #[batch(8)]
    Batched = Net

    Net: 1x8x8 -> 4 {
        flatten -> linear(4);
    }
}

fn main() {}

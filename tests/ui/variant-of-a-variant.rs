cnn::network! {
    Net: 1x8x8 -> 4 {
        flatten -> linear(4);
    }

    #[batch(8)]
    Batched = Net;

    #[store(f16)]
    Stored = Batched;
}

fn main() {}

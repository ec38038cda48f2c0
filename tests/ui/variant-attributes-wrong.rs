cnn::network! {
    Net: 1x8x8 -> 4 {
        flatten -> linear(4);
    }

    #[batch(0)]
    #[store(f8)]
    #[derive(Clone)]
    #[weights("missing.safetensors")]
    Batched = Net;
}

fn main() {}

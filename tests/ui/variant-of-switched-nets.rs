cnn::network! {
    #[cfg(debug_assertions)]
    Net: 1x8x8 -> 4 {
        flatten -> linear(4);
    }

    #[cfg(not(debug_assertions))]
    Net: 1x8x8 -> 4 {
        flatten -> linear(8) -> relu -> linear(4);
    }

    #[batch(8)]
    Batched = Net;
}

fn main() {}

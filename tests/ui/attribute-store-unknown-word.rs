cnn::network! {
    #[store(bf16)]
    Net: 1x4x4 -> 3 {
        flatten -> linear(3);
    }

    #[store]
    Other: 1x4x4 -> 3 {
        flatten -> linear(3);
    }
}

fn main() {}

cnn::network! {
    #[memory(tiny)]
    Net: 1x4x4 -> 3 {
        flatten -> linear(3);
    }

    #[memory]
    Other: 1x4x4 -> 3 {
        flatten -> linear(3);
    }
}

fn main() {}

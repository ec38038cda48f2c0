cnn::network! {
    Net: 4x8x8 -> 4x8x8 {
        mul { skip; global_avg_pool -> linear(4) -> sigmoid; };
    }
}

fn main() {}

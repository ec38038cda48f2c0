cnn::network! {
    Net: 8x16x16 -> 8x16x16 {
        max { skip; channel_max -> max_pool(2x2); global_avg_pool; };
    }
}

fn main() {}

cnn::network! {
    Net: 3x16x16 -> 10 {
        concat { global_avg_pool; global_avg_pool -> fc: linear(3); };
        flatten -> linear(10);
    }
}

fn main() {}

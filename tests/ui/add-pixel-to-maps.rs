cnn::network! {
    Net: 8x16x16 -> 10 {
        add { skip; global_avg_pool; };
        flatten -> linear(10);
    }
}

fn main() {}

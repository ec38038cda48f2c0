cnn::network! {
    Net: 100 -> 8x7x7 {
        fc: linear(512) -> adaptive_avg_pool(7x7);
    }
}

fn main() {}

cnn::network! {
    Net: 3x16x16 -> 10 {
        conv(10, 3x3) -> relu -> global_avg_pool;
    }
}

fn main() {}

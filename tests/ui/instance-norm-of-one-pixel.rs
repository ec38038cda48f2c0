cnn::network! {
    Net: 3x16x16 -> 10 {
        global_avg_pool -> instance_norm;
        flatten -> linear(10);
    }
}

fn main() {}

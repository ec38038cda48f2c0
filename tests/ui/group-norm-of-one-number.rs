cnn::network! {
    Net: 3x16x16 -> 10 {
        global_avg_pool -> group_norm(3);
        flatten -> linear(10);
    }
}

fn main() {}

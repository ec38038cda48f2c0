cnn::network! {
    #[train(batch = 2, loss = mean_squared(smoothing = 0.1))]
    Net: 4 -> 2 { fc: linear(2); }
}

fn main() {}

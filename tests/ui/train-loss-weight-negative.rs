cnn::network! {
    #[train(batch = 2, loss = mean_squared(weight = -1.0))]
    Net: 4 -> 2 { fc: linear(2); }
}

fn main() {}

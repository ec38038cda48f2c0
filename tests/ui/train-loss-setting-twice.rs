cnn::network! {
    #[train(batch = 2, loss = cross_entropy(weight = 1, weight = 2))]
    Net: 4 -> 2 { fc: linear(2); }
}

fn main() {}

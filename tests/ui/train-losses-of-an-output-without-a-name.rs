cnn::network! {
    #[train(batch = 2, loss(a = cross_entropy))]
    Net: 4 -> 2 { fc: linear(2); }
}

fn main() {}

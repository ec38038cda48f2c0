cnn::network! {
    #[train(batch = 2, loss(a = cross_entropy, c = mean_squared, b = cross_entropy))]
    Net: 4 -> { a: 4, b: 2 } { relu; output a; fc: linear(2); output b; }
}

fn main() {}

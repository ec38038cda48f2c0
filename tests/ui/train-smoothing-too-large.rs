cnn::network! {
    #[train(batch = 2, loss = cross_entropy(smoothing = 1.5))]
    pub Net: 4 -> 2 { fc: linear(2); }
}

fn main() {
    let _ = NetTrainer::new(NetParams::init(1), cnn::train::Sgd::new(0.9));
}

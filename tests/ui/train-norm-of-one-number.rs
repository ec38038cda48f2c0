cnn::network! {
    #[train(batch = 1)]
    pub Net: 4 -> 2 { a: linear(8) -> bn: batch_norm -> relu; fc: linear(2); }
}

fn main() {
    let _ = NetTrainer::new(NetParams::init(1), cnn::train::Sgd::new(0.9));
}

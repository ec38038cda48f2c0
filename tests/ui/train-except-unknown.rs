cnn::network! {
    #[train(batch = 3, except("body", "b*x"))]
    pub Net: 4 -> 2 { body: linear(8) -> relu; fc: linear(2); }
}

fn main() {
    let mut trainer = NetTrainer::new(NetParams::init(1), cnn::train::Sgd::new(0.9));
    // No other message: the net still has its minibatches.
    trainer.step(&[[0.0; 4]; NetTrainer::<cnn::train::Sgd>::BATCH], &[0, 1, 0], 0.1);
}

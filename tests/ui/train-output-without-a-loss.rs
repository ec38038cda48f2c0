cnn::network! {
    #[train(batch = 2, loss(b = cross_entropy))]
    pub Net: 4 -> { a: 4, b: 2 } { relu; output a; fc: linear(2); output b; }
}

fn main() {
    let mut trainer = NetTrainer::new(NetParams::init(1), cnn::train::Sgd::new(0.9));
    trainer.step(&[[0.5; 4]; 2], &[NetTarget { a: 3, b: 1 }; 2], 0.1);
}

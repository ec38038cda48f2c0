cnn::network! {
    #[train(batch = 2)]
    pub Net: 4 -> 1 { body: linear(8) -> relu; fc: linear(1) -> sigmoid; }
}

fn main() {
    let _ = NetTrainer::new(NetParams::init(1), cnn::train::Sgd::new(0.9));
}

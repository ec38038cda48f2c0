cnn::network! {
    #[train(batch = 2, only("head"))]
    pub Net: 4 -> 2 { body: linear(8) -> relu; fc: linear(2); }
}

fn main() {
    let _ = NetTrainer::new(NetParams::init(1), cnn::train::Sgd::new(0.9));
}

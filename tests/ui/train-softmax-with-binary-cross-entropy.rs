cnn::network! {
    #[train(batch = 2, loss = binary_cross_entropy)]
    pub Net: 4 -> 3 { body: linear(8) -> relu; fc: linear(3); softmax; }
}

fn main() {
    let _ = NetTrainer::new(NetParams::init(1), cnn::train::Sgd::new(0.9));
}

cnn::network! {
    block two(n) { step; }

    #[train(batch = 2)]
    pub Net: 4 -> 2 { a: linear(8); two(1); fc: linear(2); }
}

fn main() {
    let _ = NetTrainer::new(NetParams::init(1), cnn::train::Sgd::new(0.9));
}

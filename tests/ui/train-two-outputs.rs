cnn::network! {
    #[train(batch = 2)]
    pub Net: 4 -> { a: 4, b: 2 } { relu; output a; fc: linear(2); output b; }
}

fn main() {
    let _ = NetTrainer::new(NetParams::init(1), cnn::train::Sgd::new(0.9));
}

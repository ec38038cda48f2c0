cnn::network! {
    #[train(batch = 2)]
    Net: 4 -> 2 { relu; aux helped(weight = 0.3) { fc: linear(3); }; fc: linear(2); }
}

fn main() {}

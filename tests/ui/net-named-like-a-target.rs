cnn::network! {
    #[train(batch = 2)]
    Net: 4 -> { a: 4, b: 2 } { relu; output a; fc: linear(2); output b; }

    NetTarget: 4 -> 4 { relu; }
}

fn main() {}

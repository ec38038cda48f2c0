cnn::network! {
    Net: { left: 4 } -> 4 { linear(4); }
    NetInputs: 4 -> 4 { linear(4); }
}

fn main() {}

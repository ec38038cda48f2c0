cnn::network! {
    Net: 4 -> 4 { linear(4) -> map(|x| x * 2.0); }
}

fn main() {}

cnn::network! {
    Net: 4 -> 4 { linear(4) -> map; }
}

fn main() {}

cnn::network! {
    Net: 4 -> 4 {
        fc: linear(4) -> relu -> second: again fc;
    }
}

fn main() {}

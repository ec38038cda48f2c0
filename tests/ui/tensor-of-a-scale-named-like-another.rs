cnn::network! {
    Net: 4 -> 4 {
        fc: linear(4);
        "fc.bias": scale;
    }
}

fn main() {}

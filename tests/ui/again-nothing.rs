cnn::network! {
    Net: 4 -> 4 {
        linear(4) -> relu -> again tower;
    }
}

fn main() {}

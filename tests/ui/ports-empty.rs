cnn::network! {
    Net: {} -> 4 {
        linear(4);
    }
}

fn main() {}

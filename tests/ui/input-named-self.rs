cnn::network! {
    Net: { self: 4 } -> 4 {
        linear(4);
    }
}

fn main() {}

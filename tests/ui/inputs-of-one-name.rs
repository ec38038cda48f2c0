cnn::network! {
    Net: { left: 4, left: 4 } -> 4 {
        from left -> linear(4);
    }
}

fn main() {}

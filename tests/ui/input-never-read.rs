cnn::network! {
    Net: { left: 1x8x8, right: 4 } -> 5 {
        from left -> flatten -> linear(5);
    }
}

fn main() {}

cnn::network! {
    Net: 3x16x16 -> 10 {
        add { tap features; skip; };
        flatten -> linear(10);
    }
}

fn main() {}

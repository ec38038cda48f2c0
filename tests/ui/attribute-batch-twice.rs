cnn::network! {
    #[batch(2)]
    #[batch(4)]
    Net: 1x4x4 -> 3 {
        flatten -> linear(3);
    }
}

fn main() {}

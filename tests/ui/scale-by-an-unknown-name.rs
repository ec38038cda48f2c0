cnn::network! {
    Net: 3x16x16 -> 10 {
        scale(gamma);
        flatten -> linear(10);
    }
}

fn main() {}

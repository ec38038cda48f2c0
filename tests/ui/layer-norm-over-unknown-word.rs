cnn::network! {
    Net: 3x16x16 -> 10 {
        layer_norm(over = pixels);
        flatten -> linear(10);
    }
}

fn main() {}

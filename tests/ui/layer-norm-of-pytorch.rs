cnn::network! {
    Net: 3x16x16 -> 10 {
        LayerNorm(3, eps = 1e-6);
        layer_norm((3, 16, 16));
        flatten -> linear(10);
    }
}

fn main() {}

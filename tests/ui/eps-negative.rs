cnn::network! {
    Net: 3x16x16 -> 10 {
        batch_norm(eps = -1e-5);
        flatten -> linear(10);
    }
}

fn main() {}

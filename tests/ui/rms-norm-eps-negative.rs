cnn::network! {
    Net: 3x16x16 -> 10 {
        rms_norm(eps = -1e-6);
        flatten -> linear(10);
    }
}

fn main() {}

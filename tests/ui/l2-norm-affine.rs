cnn::network! {
    Net: 3x16x16 -> 10 {
        l2_norm(affine = true);
        flatten -> linear(10);
    }
}

fn main() {}

cnn::network! {
    Net: 3x16x16 -> 10 {
        celu(0);
        flatten -> linear(10);
    }
}

fn main() {}

cnn::network! {
    Net: 3x16x16 -> 10 {
        flatten -> linear(16000000) -> relu;
        linear(10);
    }
}

fn main() {}

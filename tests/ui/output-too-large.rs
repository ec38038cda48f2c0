cnn::network! {
    Net: 3x16x16 -> 10 {
        conv(16000000, 1x1) -> relu;
        flatten -> linear(10);
    }
}

fn main() {}

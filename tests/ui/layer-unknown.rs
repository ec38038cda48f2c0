cnn::network! {
    Net: 3x16x16 -> 10 {
        wavelet(8) -> relu;
        flatten -> linear(10);
    }
}

fn main() {}

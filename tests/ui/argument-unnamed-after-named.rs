cnn::network! {
    Net: 3x16x16 -> 10 {
        conv(size = 3x3, 8) -> relu;
        flatten -> linear(10);
    }
}

fn main() {}

cnn::network! {
    Net: 3x16x16 -> 10 {
        conv(8, 3x3) -> relu;
        tap output;
        flatten -> linear(10);
    }
}

fn main() {}

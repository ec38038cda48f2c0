cnn::network! {
    Net: 3x16x16 -> 10 {
        Conv2d(8, 3x3) -> relu;
        flatten -> linear(10);
    }
}

fn main() {}

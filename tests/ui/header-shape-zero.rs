cnn::network! {
    Net: 3x0x16 -> 10 {
        flatten -> linear(10);
    }
}

fn main() {}

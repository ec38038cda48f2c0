cnn::network! {
    Net: 3x16x16 -> 10 {
        flatten -> grn;
        linear(10);
    }
}

fn main() {}

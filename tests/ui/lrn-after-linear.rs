cnn::network! {
    Net: 3x16x16 -> 10 {
        linear(100) -> lrn;
        linear(10);
    }
}

fn main() {}

cnn::network! {
    Net: 3x16x16 -> 10 {}
}

fn main() {}

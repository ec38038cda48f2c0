cnn::network! {
    Net: 3x16x16 -> 3x16x16 {
        flatten;
    }
}

fn main() {}

cnn::network! {
    #![crate = 3]

    Net: 1x4x4 -> 3 {
        flatten -> linear(3);
    }
}

fn main() {}

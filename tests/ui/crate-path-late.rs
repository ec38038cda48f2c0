cnn::network! {
    Net: 1x4x4 -> 3 {
        flatten -> linear(3);
    }

    #![crate = "cnn"]
}

fn main() {}

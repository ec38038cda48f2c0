cnn::network! {
    Net: 4 -> 4 {
        fc: linear(4);
        again "fc.";
    }
}

fn main() {}

cnn::network! {
    Net: 8 -> 10 {
        aux head(weight = 0.3) { fc: linear(10); };
        again "head.fc";
    }
}

fn main() {}

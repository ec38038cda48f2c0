cnn::network! {
    Net: 3x5x5 -> 3x1x1 {
        first: { conv(3, 3x3) -> relu; };
        again first -> again first;
    }
}

fn main() {}

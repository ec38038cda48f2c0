cnn::network! {
    Net: 3x8x8 -> { scores: 10 } {
        linear(10);
        output score;
    }
}

fn main() {}

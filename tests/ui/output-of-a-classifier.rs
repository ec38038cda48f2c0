cnn::network! {
    Net: 3x8x8 -> { scores: 10 } {
        aux head(weight = 0.3) { linear(10); output scores; };
        linear(10);
    }
}

fn main() {}

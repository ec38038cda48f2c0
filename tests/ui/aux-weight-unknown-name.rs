cnn::network! {
    Net: 3x16x16 -> 10 {
        aux head(weight = w) { flatten -> linear(10); };
        aux tail(weight = 1e39) { flatten -> linear(10); };
        flatten -> linear(10);
    }
}

fn main() {}

cnn::network! {
    Net: 3x16x16 -> 10 {
        x1: tap maps;
        flatten -> linear(10);
    }
}

fn main() {}

cnn::network! {
    Net: 3x16x16 -> 10 {
        conv(8, 3x3) -> relu;
        aux head(weight = 0.3) {};
        flatten -> linear(10);
    }
}

fn main() {}

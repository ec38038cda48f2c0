cnn::network! {
    Net: 3x16x16 -> 10 {
        prelu(per = pixel);
        flatten -> linear(10);
    }
}

fn main() {}

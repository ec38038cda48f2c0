cnn::network! {
    Net: 3x16x16 -> 10 {
        conv(64, 3, 2, 1);
        lrn(5);
        flatten(1);
        linear(10);
    }
}

fn main() {}

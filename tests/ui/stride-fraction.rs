cnn::network! {
    Net: 3x16x16 -> 10 {
        conv(8, 3x3, stride = 1.5);
        flatten -> linear(10);
    }
}

fn main() {}

cnn::network! {
    block twice(mid) {
        a: conv(mid, 3x3) -> a: batch_norm;
    }

    Net: 3x16x16 -> 10 {
        twice(8);
        flatten -> linear(10);
    }
}

fn main() {}

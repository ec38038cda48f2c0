cnn::network! {
    block wide(width, times) {
        conv(times * width, 3x3) -> relu;
    }

    Net: 3x16x16 -> 10 {
        wide(4, 0);
        flatten -> linear(10);
    }
}

fn main() {}

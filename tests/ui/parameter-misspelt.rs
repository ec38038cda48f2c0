cnn::network! {
    block wide(width) {
        conv(4 * widht, 3x3) -> relu;
    }

    Net: 3x16x16 -> 10 {
        wide(4);
        flatten -> linear(10);
    }
}

fn main() {}

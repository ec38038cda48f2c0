cnn::network! {
    block wide(width) {
        conv(4 * width, 3x3) -> relu;
    }
    block wide(width) {
        conv(8 * width, 3x3) -> relu;
    }

    Net: 3x16x16 -> 10 {
        wide(4);
        flatten -> linear(10);
    }
}

fn main() {}

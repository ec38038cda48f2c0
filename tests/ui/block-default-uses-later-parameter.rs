cnn::network! {
    block wide(width, reduced = narrow, narrow = 2) {
        conv(reduced * width, 3x3) -> relu;
    }

    Net: 3x16x16 -> 10 {
        wide(4);
        flatten -> linear(10);
    }
}

fn main() {}

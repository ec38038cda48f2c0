cnn::network! {
    block deep(width) {
        conv(width, 3x3, pad = 1) -> relu -> deep(width);
    }

    Net: 3x16x16 -> 10 {
        deep(4);
        flatten -> linear(10);
    }
}

fn main() {}

cnn::network! {
    block left(width) {
        conv(width, 3x3, pad = 1) -> right(width);
    }
    block right(width) {
        add { left(width); skip; };
    }

    Net: 3x16x16 -> 10 {
        left(4);
        flatten -> linear(10);
    }
}

fn main() {}

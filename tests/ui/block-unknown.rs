cnn::network! {
    block squeeze(width) {
        conv(width, 1x1) -> relu;
    }

    Net: 3x16x16 -> 10 {
        fire(8);
        flatten -> linear(10);
    }
}

fn main() {}

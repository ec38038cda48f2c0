cnn::network! {
    block down(width, window) {
        conv(width, window) -> relu -> max_pool(2x2);
    }

    block twice(width) {
        first: down(width, 3);
        second: down(2 * width, 9);
    }

    Net: 3x16x16 -> 10 {
        conv(8, 3x3) -> relu;
        last: twice(16);
        flatten -> linear(10);
    }
}

fn main() {}

cnn::network! {
    #[inline]
    block wide() {
        conv(8, 3x3);
    }

    Net: 3x16x16 -> 10 {
        wide();
        flatten -> linear(10);
    }
}

fn main() {}

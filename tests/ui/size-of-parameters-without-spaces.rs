cnn::network! {
    block square(k) {
        conv(4, kxk, pad = 1);
    }
    Net: 3x8x8 -> 2 { square(3) -> linear(2); }
}

fn main() {}

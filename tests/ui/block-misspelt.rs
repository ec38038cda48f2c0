cnn::network! {
    block identity_block(mid) {
        add { conv(mid, 3x3, pad = 1); skip; } -> relu;
    }

    Net: 3x16x16 -> 10 {
        idnetity_block(3);
        flatten -> linear(10);
    }
}

fn main() {}

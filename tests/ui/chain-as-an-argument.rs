cnn::network! {
    block residual(inner) { add { inner; skip; }; }
    Net: 4x8x8 -> 4x8x8 { residual(conv(4, 1x1) -> relu); }
}

fn main() {}

cnn::network! {
    pub(crate) Masked: 2x16x12 -> 1x16x12 { conv(1, 1x1); }
}

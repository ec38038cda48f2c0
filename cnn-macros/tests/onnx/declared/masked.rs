cnn::network! {
/// Imported from TFLite. Inputs and outputs are C x H x W here, and H x W x C in the file.
pub(crate) Masked: 2x16x12 -> 1x16x12 {
    down4: conv(4, 3x3, pad = 1) -> relu;
    concat {
        skip;
        max_pool(2x2) -> down6: conv(6, 3x3, pad = 1) -> relu -> concat {
            skip;
            max_pool(2x2) -> middle: conv(8, 3x3, pad = 1) -> relu
                -> up6: conv_transpose(6, 2x2, stride = 2);
        } -> merge6: conv(6, 3x3, pad = 1) -> relu -> upsample(2x2, mode = bilinear)
            -> up4: conv(4, 1x1);
    };
    merge4: conv(4, 3x3, pad = 1) -> relu;
    mask: conv(1, 1x1) -> sigmoid;
}
}

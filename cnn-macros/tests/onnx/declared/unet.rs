cnn::network! {
/// Imported from ONNX, as written by pytorch.
pub(crate) Unet: 1x8x8 -> 1x8x8 {
    enc1: { conv(2, 3x3, pad = 1) -> relu; };
    keep enc1;
    max_pool(2x2);
    enc2: { conv(4, 3x3, pad = 1) -> relu; };
    keep enc2;
    max_pool(2x2);
    middle: { conv(8, 3x3, pad = 1) -> relu; };
    up2: {
        up: conv_transpose(4, 2x2, stride = 2);
        concat { from enc2; skip; };
        conv: conv(4, 3x3, pad = 1) -> relu;
    };
    up1: {
        up: conv_transpose(2, 2x2, stride = 2);
        concat { from enc1; skip; };
        conv: conv(2, 3x3, pad = 1) -> relu;
    };
    head: conv(1, 1x1) -> sigmoid;
}
}

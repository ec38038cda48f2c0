cnn::network! {
/// Imported from ONNX, as written by pytorch.
pub(crate) Mobile: 3x5x5 -> 3x5x5 {
    add {
        skip;
        expand: { conv(6, 1x1) -> hard_swish; }
            -> depthwise: { conv(6, 3x3, pad = 1, groups = 6) -> silu; } -> mul {
                skip;
                global_avg_pool -> fc1: conv(2, 1x1) -> relu -> fc2: conv(6, 1x1) -> hard_sigmoid;
            } -> project: conv(3, 1x1);
    };
}
}

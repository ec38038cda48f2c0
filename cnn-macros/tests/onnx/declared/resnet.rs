cnn::network! {
block residual(filters) {
    add {
        conv1: conv(filters, 3x3, pad = 1) -> relu -> conv2: conv(filters, 3x3, pad = 1);
        skip;
    } -> relu;
}

block residual_downsample(filters) {
    add {
        conv1: conv(filters, 3x3, stride = 2, pad = 1) -> relu
            -> conv2: conv(filters, 3x3, pad = 1);
        downsample: { conv(filters, 1x1, stride = 2); };
    } -> relu;
}

/// Imported from ONNX, as written by pytorch.
#[algorithm(folded)]
pub(crate) Resnet: 3x24x24 -> 3 {
    stem: {
        conv(2, 3x3, stride = 2, pad = 1) -> relu -> max_pool(3x3, stride = 2, pad = 1);
    };
    layer1: [residual(2); 2];
    layer2: { residual_downsample(4); residual(4); };
    layer3: { residual_downsample(6); residual(6); };
    global_avg_pool;
    fc: linear(3);
}
}

/// Two maps and their sum.
block residual(channels) {
    add { conv: conv(channels, 3x3, pad = 1, bias = false) -> bn: batch_norm; skip; } -> relu;
}

pub(crate) Residual: 3x200x200 -> 4 {
    stem: conv(8, 3x3, stride = 2, pad = 1) -> relu;
    layer: [residual(8); 2];
    aux head(weight = 0.3) { global_avg_pool -> fc: linear(4); };
    tap features;
    concat { max_pool(2x2); a: conv(4, 2x2, stride = 2) -> silu; };
    global_avg_pool -> fc: linear(4);
}

/// Four images at once.
#[batch(4)]
pub Batch: 1x8x8 -> 3 {
    conv: conv(8, 3x3) -> relu -> max_pool(2x2);
    tap maps;
    fc: linear(3) -> softmax;
}

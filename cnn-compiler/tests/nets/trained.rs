/// A frozen layer, and two that learn, one of them a function by the user.
#[train(batch = 4, except("conv"))]
pub Trained: 1x8x8 -> 3 {
    conv: conv(8, 3x3) -> relu -> max_pool(2x2);
    fc1: linear(6) -> map(bent, derivative = slope);
    dropout(0.2) -> fc2: linear(3) -> softmax;
}

/// Weights in half precision, but for the last layer's.
#[store(f16)]
pub Stored: 1x8x8 -> 3 {
    fc1: linear(32) -> relu;
    fc2: linear(3, store = f32);
}

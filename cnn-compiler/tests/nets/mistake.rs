/// The second layer does not fit; the types are there all the same.
pub Mistake: 1x8x8 -> 10 {
    conv1: conv(6, 5x5);
    conv2: conv(16, 5x5);
    linear(10);
}

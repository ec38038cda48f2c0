/// LeNet-5 (LeCun, Bottou, Bengio & Haffner, 1998).
pub LeNet5: 1x32x32 -> 10 {
    conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2);
    conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
    fc1: linear(120) -> tanh;
    fc2: linear(84) -> tanh;
    fc3: linear(10) -> softmax;
}

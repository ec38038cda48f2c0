cnn::network! {
    #[workspace(max = 10_000)]
    pub LeNet5: 1x32x32 -> 10 {
        conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2);
        conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
        fc1: linear(120) -> tanh;
        fc2: linear(84) -> tanh;
        fc3: linear(10) -> softmax;
    }

    #[workspace(max = 1_000)]
    #[batch(3)]
    Batch: 2x8x8 -> 4 {
        add {
            conv(2, 3x3, pad = 1) -> relu;
            skip;
        } -> global_avg_pool -> linear(4);
    }
}

fn main() {
    println!("{}", LeNet5::OUTPUT_LEN);
}

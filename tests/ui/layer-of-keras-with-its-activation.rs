cnn::network! {
    Net: 3x16x16 -> 10 {
        Conv2D(8, 3, strides = 2, activation = relu);
        Dense(10, activation = softmax);
    }
}

fn main() {}

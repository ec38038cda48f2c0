cnn::network! {
    Net: 3x16x16 -> 10 {
        leaky_relu(slope = steep);
        flatten -> linear(10);
    }
}

fn main() {}

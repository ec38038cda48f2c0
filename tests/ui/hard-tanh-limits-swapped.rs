cnn::network! {
    Net: 3x16x16 -> 10 {
        hard_tanh(min = 1, max = -1);
        flatten -> linear(10);
    }
}

fn main() {}

cnn::network! {
    Net: CHANNELS x 16 x 16 -> 10 {
        flatten -> linear(10);
    }
}

fn main() {}

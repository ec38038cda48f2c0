cnn::network! {
    Net: 3x8x8 -> 10 {
        #[store(f16)]
        linear(10);
    }
}

fn main() {}

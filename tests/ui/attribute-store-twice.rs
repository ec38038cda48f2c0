cnn::network! {
    #[store(f16)]
    #[store(f32)]
    Net: 1x4x4 -> 3 {
        flatten -> linear(3);
    }
}

fn main() {}

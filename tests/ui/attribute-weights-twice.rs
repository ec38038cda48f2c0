cnn::network! {
    #[weights("tests/ui/weights/right.safetensors")]
    #[weights("tests/ui/weights/right.safetensors")]
    Net: 3x16x16 -> 10 {
        flatten -> linear(10);
    }
}

fn main() {}

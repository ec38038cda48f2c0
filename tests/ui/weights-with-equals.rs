cnn::network! {
    #[weights = "net.safetensors"]
    Net: 1x28x28 -> 10 { linear(10); }
}

fn main() {}

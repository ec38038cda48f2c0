cnn::network! {
    #[weights("weights/right.safetensors", rename("module.*" => "*", "*.norm.*" => "bn.*"))]
    Net: 1x4x4 -> 3 {
        conv1: conv(2, 3x3) -> relu;
        fc: linear(3);
    }
}

fn main() {}

cnn::network! {
    Net = onnx();
}

fn main() {}

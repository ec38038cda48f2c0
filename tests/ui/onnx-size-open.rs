cnn::network! {
    Net = onnx("weights/open.onnx");
}

fn main() {}

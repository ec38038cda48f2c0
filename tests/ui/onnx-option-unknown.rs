cnn::network! {
    Net = onnx("weights/open.onnx", shape = 1x5x4);
}

fn main() {}

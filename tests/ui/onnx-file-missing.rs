cnn::network! {
    Net = onnx("models/absent.onnx");
}

fn main() {
    let _ = Net::embedded();
}

cnn::network! {
    Net = onnx("models/absent.onnx");
}

fn main() {
    let mut net = Net::embedded();
    println!("{}", net.forward(&[0.5; 12])[0]);
}

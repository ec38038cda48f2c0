cnn::network! {
    /// The path has both mistakes; the other net has its own.
    Net = onnx("weights/unknown.onnx");

    #[batch(2)]
    NetBatch2 = Net;

    Other: 4 -> 2 {
        linear(3);
    }
}

fn main() {
    let _ = Net::embedded();
}

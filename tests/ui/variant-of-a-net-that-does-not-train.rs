use cnn::Network;

cnn::network! {
    #[train(batch = 2, only("head"))]
    Net: 4 -> 3 { fc: linear(3); }
    #[batch(2)]
    Batch = Net;
}

fn main() {
    let weights = NetWeights::from_safetensors(&[]).unwrap();
    let _ = Net::new(&weights).forward(&[0.0; 4]);
    let _ = Batch::new(&weights).forward(&[[0.0; 4]; 2]);
    let weights: BatchWeights = weights;
    let _ = <Batch<'_> as Network>::DESCRIPTION;
    let _ = weights;
}

cnn::network! {
    Net: { a: 4, b: 4 } -> 3 { add { from a; from c; }; fc: linear(3); }
    #[batch(2)]
    Batch = Net;
    #[memory(small)]
    Small = Net;
}

fn main() {
    let weights = NetWeights::from_safetensors(&[]).unwrap();
    let _ = Net::new(&weights).forward(&[0.0; 4], &[0.0; 4]);
    let _ = Batch::new(&weights).forward(&[BatchInputs { a: &[0.0; 4], b: &[0.0; 4] }; 2]);
    let small = SmallWeights::from_safetensors(&[]).unwrap();
    let _ = Small::new(&small).forward(&[0.0; 4], &[0.0; 4]);
}

//! The mistakes in the layers are reported once; uses of the variants have no errors of their own.

cnn::network! {
    Net: 1x8x8 -> 4 {
        conv(8, 9x9) -> rleu;
        flatten -> linear(5);
    }

    #[batch(8)]
    pub Eight = Net;

    #[batch(4)]
    Four = Net;
}

fn main() {
    let weights = EightWeights::from_safetensors(&[]).unwrap();
    let images = [[0.0; 64]; Eight::BATCH];
    let mut net = Eight::new(&weights);
    let scores: &[[f32; 4]; 8] = net.forward(&images);
    println!("{scores:?} {}", Four::PARAMETERS);
}

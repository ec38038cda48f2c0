//! The second net compiles, so its use is not an error.

cnn::network! {
    Faulty: 1x8x8 -> 4 {
        conv(8, 9x9) -> relu;
        flatten -> linear(4);
    }

    Good: 1x8x8 -> 4 {
        flatten -> linear(4);
    }
}

fn main() {
    let weights = GoodWeights::from_safetensors(&[]).unwrap();
    let mut net = Good::new(&weights);
    let scores: &[f32; 4] = net.forward(&[0.0; 64]);
    println!("{scores:?} {}", Good::PARAMETERS);
}

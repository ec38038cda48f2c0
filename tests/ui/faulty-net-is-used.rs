//! The net's mistake is reported; its uses are right and have no errors of their own.

cnn::network! {
    pub Net: 1x8x8 -> 4 {
        conv1: conv(8, 3x3, stride = 0) -> relu;
        tap features;
        flatten -> linear(4);
    }
}

fn run<N: cnn::Network>(net: &mut N, input: &N::Input) {
    let _ = net.forward(input);
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let weights = NetWeights::from_safetensors(&[])?;
    let mut net = Net::new(&weights);
    let mut buffer = NetWorkspace::new();
    let _ = Net::with_workspace(std::sync::Arc::new(NetWeights::from_safetensors(&[])?), &mut buffer).run(&[0.0])?;
    let image = [0.0; 64];
    let scores: &[f32; 4] = net.forward(&image);
    println!("{}", scores[0]);
    println!("{:?}", net.tap_features());
    run(&mut net, &image);
    const BYTES: usize = Net::WORKSPACE_BYTES;
    println!("{BYTES} {} {} {} {}", Net::PARAMETERS, Net::MACS, Net::GRAPH.name, Net::INPUT_LEN);
    let embedded = Net::embedded();
    println!("{embedded:?} {:?}", NetWeights::embedded());
    Ok(())
}

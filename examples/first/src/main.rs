//! Reads handwritten digits in PNG files with LeNet-5, whose weights are in the executable:
//!
//! ```sh
//! cargo run --release -p first digits/samples/*.png
//! ```
//!
//! `cargo run -p first --profile small` makes a small executable of it.

use std::error::Error;
use std::fs::File;
use std::io::BufReader;

use cnn::network;
use cnn_digits::Picture;
use png::{ColorType, Decoder, Transformations};

network! {
    /// LeNet-5 (LeCun, Bottou, Bengio & Haffner, 1998), for digits of 32x32: white ink, 1, on black, 0.
    #[weights("../../models/weights/lenet5.safetensors")]
    LeNet5: 1x32x32 -> 10 {
        conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2);
        conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
        fc1: linear(120) -> tanh;
        fc2: linear(84) -> tanh;
        fc3: linear(10) -> softmax;
    }
}

/// A digit and its probability.
fn read(net: &mut LeNet5<'_>, path: &str) -> Result<(usize, f32), Box<dyn Error>> {
    let Decoded { width, height, pixels } = decode(path)?;
    let picture = Picture::new(width, height, &pixels).ok_or("it has no pixels")?;
    let probabilities = net.forward(&cnn_digits::read(&picture)?);
    let best = (0..10).max_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b])).unwrap_or(0);
    Ok((best, probabilities[best]))
}

/// A picture's colours, row by row.
struct Decoded {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 3]>,
}

/// Decodes a PNG, and puts transparent pixels on white paper.
fn decode(path: &str) -> Result<Decoded, Box<dyn Error>> {
    let mut decoder = Decoder::new(BufReader::new(File::open(path)?));
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info()?;
    let mut bytes = vec![0; reader.output_buffer_size().ok_or("it is too large")?];
    let frame = reader.next_frame(&mut bytes)?;
    let on_paper = |level: u8, alpha: u8| 255 - ((255 - u16::from(level)) * u16::from(alpha) / 255) as u8;
    let colour = |pixel: &[u8]| match *pixel {
        [grey] => [grey; 3],
        [grey, alpha] => [on_paper(grey, alpha); 3],
        [r, g, b, alpha] => [r, g, b].map(|level| on_paper(level, alpha)),
        [r, g, b, ..] => [r, g, b],
        [] => [255; 3],
    };
    let samples = match frame.color_type {
        ColorType::Grayscale | ColorType::Indexed => 1,
        ColorType::GrayscaleAlpha => 2,
        ColorType::Rgb => 3,
        ColorType::Rgba => 4,
    };
    let pixels = bytes[..frame.buffer_size()].chunks_exact(samples).map(colour).collect();
    Ok(Decoded { width: frame.width as usize, height: frame.height as usize, pixels })
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut net = LeNet5::embedded();
    let paths: Vec<String> = std::env::args().skip(1).collect();
    if paths.is_empty() {
        return Err("no pictures are given; try digits/samples/*.png".into());
    }
    for path in paths {
        let (digit, probability) = read(&mut net, &path).map_err(|why| format!("{path}: {why}"))?;
        println!("{path}: {digit} ({:.1} %)", 100.0 * probability);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each sample's name begins with its digit.
    #[test]
    fn the_samples_are_read() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../digits/samples");
        let mut net = LeNet5::embedded();
        let mut count = 0;
        for entry in folder.read_dir().expect("the samples are there") {
            let path = entry.expect("readable").path().display().to_string();
            if path.ends_with(".png") {
                let (digit, _) = read(&mut net, &path).expect("a digit");
                let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
                assert!(name.starts_with(&digit.to_string()), "{path} is read as {digit}");
                count += 1;
            }
        }
        assert!(count >= 8);
    }
}

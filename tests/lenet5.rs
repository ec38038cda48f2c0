//! The trained LeNet-5 in the binary, on real digits and against PyTorch.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use allocation_counter::measure;
use cnn_runtime::exec::isa::Isa;
use flate2::read::GzDecoder;
use models::{LeNet5, LeNet5Weights};
use safetensors::SafeTensors;

/// Out of the 1,000 test digits; it changes only with the weights.
const RIGHT: usize = 989;

fn repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The data of a gzipped IDX file, after a header of this many bytes.
fn idx(name: &str, header: usize) -> Vec<u8> {
    let mut data = Vec::new();
    let file = File::open(repository("digits").join(name)).expect("the digits are in the repository");
    GzDecoder::new(file).read_to_end(&mut data).expect("it is a gzip file");
    data.split_off(header)
}

/// The test digits as the net reads them: 28 x 28 with a border of two zeros, in 0..1.
fn images() -> Vec<[f32; 1024]> {
    let pixels = idx("test-images-idx3-ubyte.gz", 16);
    let image = |pixels: &[u8]| {
        let mut image = [0.0; 1024];
        for (row, line) in pixels.chunks_exact(28).enumerate() {
            for (column, pixel) in line.iter().enumerate() {
                image[(row + 2) * 32 + column + 2] = f32::from(*pixel) / 255.0;
            }
        }
        image
    };
    pixels.chunks_exact(28 * 28).map(image).collect()
}

/// PyTorch's outputs for the first 100 test digits, computed in float64 by `tools/lenet5_digits.py`.
fn expected(name: &str) -> Vec<f32> {
    let file = fs::read(repository("tests/data/lenet5_digits.safetensors")).expect("the fixture is in the repository");
    let tensors = SafeTensors::deserialize(&file).expect("a safetensors file");
    let data = tensors.tensor(name).expect("the fixture has it").data();
    data.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

#[track_caller]
fn assert_close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(0.0_f32, |scale, x| scale.max(x.abs()));
    let error = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(error <= 1e-5 * scale, "off by {error}, the largest is {scale}");
}

#[test]
fn outputs_are_those_of_pytorch() {
    let mut net = LeNet5::embedded();
    let (mut logits, mut probabilities) = (Vec::new(), Vec::new());
    for image in &images()[..100] {
        probabilities.extend_from_slice(net.forward(image));
        logits.extend_from_slice(net.tap_logits());
    }
    assert_close(&logits, &expected("logits"));
    assert_close(&probabilities, &expected("probabilities"));
}

#[test]
fn digits_are_read() {
    let mut net = LeNet5::embedded();
    let labels = idx("test-labels-idx1-ubyte.gz", 8);
    let images = images();
    assert_eq!((images.len(), labels.len()), (1000, 1000));
    let digit = |scores: &[f32; 10]| (0..10).max_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    let right =
        images.iter().zip(&labels).filter(|(image, label)| digit(net.forward(image)) == Some(usize::from(**label)));
    assert_eq!(right.count(), RIGHT);
}

#[test]
fn embedded_weights_are_those_of_the_file() {
    let file = fs::read(repository("models/weights/lenet5.safetensors")).expect("the weights are in the repository");
    let weights = LeNet5Weights::from_safetensors(&file).unwrap_or_else(|error| panic!("{error}"));
    let image = &images()[0];
    assert_eq!(LeNet5::new(&weights).forward(image), LeNet5::embedded().forward(image));
}

#[test]
fn an_embedded_net_needs_no_allocator() {
    static NET: std::sync::Mutex<LeNet5<'static>> = std::sync::Mutex::new(LeNet5::embedded());
    let image = [0.5; 1024];
    if std::env::var_os("CNN_ISA").is_some() {
        // Reading the variable allocates, once per process.
        LeNet5::embedded().forward(&image);
    }
    let info = measure(|| {
        let mut net = LeNet5::embedded();
        let scores = *net.forward(&image);
        assert_eq!(NET.lock().map(|mut net| *net.forward(&image)).ok(), Some(scores));
    });
    assert_eq!(info.count_total, 0);
}

#[test]
fn the_instruction_set_that_was_asked_for_is_there() {
    Isa::from_env().unwrap_or_else(|why| panic!("{why}"));
}

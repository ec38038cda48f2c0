//! Nets of ONNX and TFLite files, by `Net = onnx("…")` and `Net = tflite("…")`: they are what their imported declarations are, bit by bit.
//!
//! `declared` has these declarations, as `cnn import` writes them; `BLESS=1` writes them anew.

mod declared {
    pub(crate) mod masked;
    pub(crate) mod mobile;
    pub(crate) mod resnet;
    pub(crate) mod unet;
}
mod imported;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cnn::{DynNetwork, Network};
use cnn_import::{File, Options};

use imported::{
    Masked, Mobile, MobileBatch3, MobileBatch3Weights, MobileWeights, Resnet, ResnetWeights, Small, Unet, sizes,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// A file, as `cnn-import` reads it: the declaration, and the weights.
fn read(file: &str, name: &str) -> (String, Vec<u8>) {
    let file = File::open(folder().join(file)).expect("a file");
    let net = file.import(&Options { name: Some(name.to_owned()), ..Options::default() }).expect("a net");
    let mut weights = Vec::new();
    net.write_weights(&mut weights).expect("weights");
    (net.declaration().to_owned(), weights)
}

/// Different numbers from -1 to 1.
fn numbers(len: usize) -> Vec<f32> {
    (0..len).map(|index| (index * 37 % 64) as f32 / 32.0 - 1.0).collect()
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

/// Compares a net of a file with `Declared`, the text in `declared`.
fn agrees<Declared: Network>(mut imported: impl DynNetwork, file: &str) {
    let graph = imported.graph();
    let (declaration, weights) = read(file, graph.name);
    let path = folder().join(format!("tests/onnx/declared/{}.rs", graph.name.to_lowercase()));
    let name = format!("\n{}:", graph.name);
    let visible = declaration.replace(&name, &format!("\npub(crate) {}:", graph.name));
    let text = format!("cnn::network! {{\n{visible}}}\n");
    if std::env::var_os("BLESS").is_some() {
        // Compiled by the next run.
        return fs::write(&path, &text).expect("a file");
    }
    assert_eq!(fs::read_to_string(&path).expect("a file"), text, "`BLESS=1` writes it anew");
    assert_eq!(graph, Declared::DESCRIPTION.graph);
    let mut declared = Declared::new(Arc::new(Declared::weights(&weights).expect("the weights of the file")));
    let input = numbers(imported.input_len());
    let expected = bits(declared.run(&input).expect("an input"));
    let found = imported.run(&input).expect("an input");
    assert!(found.iter().any(|number| *number != 0.0));
    assert_eq!(bits(found), expected);
}

#[test]
fn they_are_the_imported_declarations() {
    agrees::<declared::resnet::Resnet>(Resnet::embedded(), imported::RESNET);
    agrees::<declared::mobile::Mobile>(Mobile::embedded(), imported::MOBILE);
    agrees::<declared::masked::Masked>(Masked::embedded(), imported::TFLITE);
    let (_, weights) = read(imported::UNET, "Unet");
    let weights = imported::UnetWeights::from_safetensors(&weights).expect("the weights of the file");
    agrees::<declared::unet::Unet>(Unet::new(&weights), imported::UNET);
}

/// A batch shares the packed weights, a small workspace has its own; all of them are those of the file.
#[test]
fn variants_have_the_weights_too() {
    let len = Mobile::INPUT_LEN;
    let images = [numbers(len), numbers(2 * len)[len..].to_vec(), vec![0.5; len]];
    let mut single = Mobile::embedded();
    let expected: Vec<f32> = images.iter().flat_map(|image| single.run(image).expect("an image").to_vec()).collect();
    assert_eq!(bits(MobileBatch3::embedded().run(&images.concat()).expect("images")), bits(&expected));
    let shared: &MobileBatch3Weights = MobileWeights::embedded();
    assert_eq!(bits(MobileBatch3::new(shared).run(&images.concat()).expect("images")), bits(&expected));
    let input = numbers(Resnet::INPUT_LEN);
    let (small, fast) = (
        Small::embedded().run(&input).expect("an image").to_vec(),
        Resnet::new(ResnetWeights::embedded()).run(&input).expect("an image").to_vec(),
    );
    let largest = fast.iter().fold(0.0_f32, |largest, number| largest.max(number.abs()));
    assert!(small.iter().zip(&fast).all(|(a, b)| (a - b).abs() <= 1e-5 * largest), "{small:?} {fast:?}");
}

/// A file that leaves its size open, at three sizes: a constant image has the same means at all of them, but for the border.
#[test]
fn sizes_that_are_open_in_the_file() {
    assert_eq!((sizes::Square::INPUT_LEN, sizes::Wide::INPUT_LEN), (3 * 16 * 16, 3 * 9 * 31));
    let (_, weights) = read_open(sizes::Wide::GRAPH.input());
    let weights = sizes::LoadedWeights::from_safetensors(&weights).expect("the weights of the file");
    let input = numbers(3 * 9 * 31);
    let loaded = bits(sizes::Loaded::new(&weights).run(&input).expect("an image"));
    assert_eq!(bits(sizes::Wide::embedded().run(&input).expect("an image")), loaded);
}

fn read_open(input: cnn::op::Shape) -> (String, Vec<u8>) {
    let file = File::open(folder().join("tests/onnx/of_open_size.onnx")).expect("a file");
    let net = file.import(&Options { name: None, input: Some(input) }).expect("a net");
    let mut weights = Vec::new();
    net.write_weights(&mut weights).expect("weights");
    (net.declaration().to_owned(), weights)
}

/// The names of the file are those of fields and parameters; one of them is a keyword of Rust.
#[test]
fn several_inputs_and_outputs() {
    let (image, added) = (numbers(20), [0.25, -8.0]);
    let mut ports = imported::Ports::embedded();
    let imported::PortsOutputs { sum, maps } = ports.forward(image.as_slice().try_into().expect("20 numbers"), &added);
    for (index, (sum, map)) in sum.iter().zip(maps).enumerate() {
        assert_eq!(*sum, map + added[index / 20]);
    }
}

/// Without doc comments, a net has those of the importer.
#[test]
fn documentation() {
    assert_eq!(Resnet::GRAPH.doc, "Imported from ONNX, as written by pytorch.");
    assert_eq!(Small::GRAPH.doc, "");
    assert_eq!(sizes::Square::GRAPH.doc, "A small net,\nof any size.");
}

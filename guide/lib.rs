//! The guide, chapter by chapter: each example in it is a test of this crate.
//!
//! It is a book in `src`, in the order of `src/SUMMARY.md`. Read it there, or with `mdbook serve guide --open`.
//!
//! Besides, what the examples use in place of files and of long comparisons: [`file()`], [`made_up`], [`assert_close`].

#![forbid(unsafe_code)]

use cnn::graph::{Graph, Role};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

/// A chapter in each line: its module, and the file in `src`.
macro_rules! chapters {
    ($($module:ident: $file:literal;)*) => {
        $(
            #[doc = include_str!(concat!("src/", $file))]
            pub mod $module {}
        )*
    };
}

chapters! {
    introduction: "README.md";
    perceptron: "perceptron.md";
    activations: "activations.md";
    fully_connected: "fully-connected.md";
    convolution: "convolution.md";
    pooling: "pooling.md";
    normalisation: "normalisation.md";
    dropout: "dropout.md";
    nets: "nets.md";
    lenet5: "lenet5.md";
    alexnet: "alexnet.md";
    vgg16: "vgg16.md";
    inception_v1: "inception-v1.md";
    resnet50: "resnet50.md";
    from_pytorch: "from-pytorch.md";
    nets_in_files: "nets-in-files.md";
    from_onnx: "from-onnx.md";
    training: "training.md";
    your_own_layers: "your-own-layers.md";
    server: "server.md";
    microcontroller: "microcontroller.md";
    browser: "browser.md";
    weights_that_do_not_fit: "weights-that-do-not-fit.md";
    numbers_that_differ: "numbers-that-differ.md";
    why_it_is_fast: "why-it-is-fast.md";
}

/// A safetensors file with these tensors: names, dimensions, and values with the last dimension fastest.
///
/// # Panics
///
/// If a tensor has more or fewer values than its dimensions say.
#[must_use]
pub fn file(tensors: &[(&str, &[usize], &[f32])]) -> Vec<u8> {
    let bytes: Vec<Vec<u8>> =
        tensors.iter().map(|(.., values)| values.iter().flat_map(|value| value.to_le_bytes()).collect()).collect();
    let view = |shape: &[usize], bytes| {
        TensorView::new(Dtype::F32, shape.to_vec(), bytes).expect("as many values as the dimensions say")
    };
    let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| (*name, view(shape, bytes)));
    safetensors::serialize(views, None).expect("names and numbers can be written")
}

/// A safetensors file that fits a net, with made-up weights.
#[must_use]
pub fn made_up(graph: &Graph<'_>) -> Vec<u8> {
    let values = |role, count: usize| -> Vec<f32> {
        // A variance is not negative.
        let is_variance = matches!(role, Role::RunningVar);
        (0..count).map(|index| if is_variance { 1.0 } else { (index * 7 % 11) as f32 / 55.0 - 0.1 }).collect()
    };
    let tensors: Vec<_> = graph.nodes.iter().flat_map(|node| node.tensors).collect();
    let data: Vec<Vec<f32>> = tensors.iter().map(|tensor| values(tensor.role, tensor.elements())).collect();
    let all: Vec<_> = tensors.iter().zip(&data).map(|(tensor, data)| (tensor.name, tensor.shape, &data[..])).collect();
    file(&all)
}

/// Checks that numbers agree to within 0.0001.
///
/// # Panics
///
/// If they do not.
pub fn assert_close(found: &[f32], expected: &[f32]) {
    let close = found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-4);
    assert!(close, "found {found:?}, expected {expected:?}");
}

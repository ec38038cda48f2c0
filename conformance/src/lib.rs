//! Called by the generated tests: reads a case, runs it, and compares.
//!
//! `build/` writes a test for each case of `cases.json`; `tests/conformance.rs` includes them.

#![forbid(unsafe_code)]

mod join;
mod training;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use cnn::Network;
use cnn::op::{Op, Padding};
use ndarray::ArrayD;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};

pub use training::Reduction;

/// A test of ONNX: input tensors, expected output tensors, and the tolerance.
pub struct Case {
    name: &'static str,
    rtol: f64,
    atol: f64,
    tensors: BTreeMap<String, ArrayD<f32>>,
}

impl Case {
    /// Reads the tensors of a case.
    ///
    /// # Panics
    ///
    /// If its file cannot be read. All other methods panic if the case fails.
    #[must_use]
    pub fn read(name: &'static str, rtol: f64, atol: f64) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(format!("{name}.safetensors"));
        let file = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file = SafeTensors::deserialize(&file).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let tensors = file.iter().map(|(name, view)| (name.to_owned(), array(&view))).collect();
        Self { name, rtol, atol, tensors }
    }

    /// Runs a net of one layer on each sample of the input.
    ///
    /// # Panics
    ///
    /// If an element of the output differs from the expected one.
    pub fn check<N: Network>(&self) {
        let weights = self.tensors.iter().filter_map(|(name, tensor)| Some((pytorch_name(name)?, tensor.clone())));
        let found = run::<N>(&weights.collect(), self.tensor("input"));
        self.compare("output", &found);
    }

    /// Runs a net that adds its inputs, each broadcast to the shape of the output as in numpy.
    ///
    /// # Panics
    ///
    /// If an element of the output differs from the expected one.
    pub fn check_add<N: Network>(&self) {
        let inputs = self.inputs().into_iter().map(|(name, input)| {
            let whole = input.broadcast(self.tensor("output").shape());
            (name, whole.unwrap_or_else(|| panic!("{}: {name} does not broadcast", self.name)).to_owned())
        });
        let (weights, stacked) = join::stack(&inputs.collect::<Vec<_>>());
        self.compare("output", &run::<N>(&weights, &stacked));
    }

    /// Runs a net that concatenates its inputs along an axis, which is swapped with the first, because nets join channels.
    ///
    /// # Panics
    ///
    /// If an element of the output differs from the expected one.
    pub fn check_concat<N: Network>(&self, axis: usize) {
        let swapped = |tensor: &ArrayD<f32>| {
            let mut swapped = tensor.clone();
            swapped.swap_axes(0, axis);
            swapped
        };
        let inputs: Vec<_> = self.inputs().into_iter().map(|(name, input)| (name, swapped(input))).collect();
        let (weights, stacked) = join::stack(&inputs);
        let found = run::<N>(&weights, &stacked);
        let shape = swapped(self.tensor("output")).shape().to_vec();
        let found = ArrayD::from_shape_vec(shape, found).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        self.compare("output", &swapped(&found).iter().copied().collect::<Vec<_>>());
    }

    fn tensor(&self, name: &str) -> &ArrayD<f32> {
        self.tensors.get(name).unwrap_or_else(|| panic!("{}: there is no tensor `{name}`", self.name))
    }

    /// `input`, `input2`, … in order.
    fn inputs(&self) -> Vec<(&str, &ArrayD<f32>)> {
        let named = self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor));
        let mut inputs: Vec<_> = named.filter(|(name, _)| name.starts_with("input")).collect();
        inputs.sort_by_key(|(name, _)| (name.len(), *name));
        inputs
    }

    /// Compares each element by ONNX's rule, which accepts no NaN.
    fn compare(&self, name: &str, found: &[f32]) {
        let expected = self.tensor(name);
        assert_eq!(found.len(), expected.len(), "{}: elements of `{name}`", self.name);
        for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
            let (found, expected) = (f64::from(*found), f64::from(*expected));
            let (error, most) = ((found - expected).abs(), self.atol + self.rtol * expected.abs());
            assert!(error <= most, "{}: {name}[{index}] is {found}, expected {expected} +- {most:e}", self.name);
        }
    }
}

/// Checks the padding that resulted from `pad = same`, in the order top, left, bottom, right.
///
/// # Panics
///
/// If the padding differs.
pub fn assert_pads<N: Network>([top, left, bottom, right]: [usize; 4]) {
    let pads = N::GRAPH.nodes.iter().filter_map(|node| match node.op {
        Op::Conv(conv) => Some(conv.pad),
        Op::MaxPool(pool) | Op::AvgPool(pool) => Some(pool.pad),
        _ => None,
    });
    assert_eq!(pads.collect::<Vec<_>>(), [Padding { top, left, bottom, right }]);
}

/// PyTorch's name of a layer's tensor.
fn pytorch_name(name: &str) -> Option<String> {
    let name = match name {
        "weight" | "scale" | "slope" => "weight",
        "bias" => "bias",
        "mean" => "running_mean",
        "var" => "running_var",
        _ => return None,
    };
    Some(format!("layer.{name}"))
}

/// Runs a net on each sample in turn; returns the concatenated outputs.
fn run<N: Network>(weights: &BTreeMap<String, ArrayD<f32>>, input: &ArrayD<f32>) -> Vec<f32> {
    let weights = N::weights(&safetensors(weights)).unwrap_or_else(|error| panic!("{error}"));
    let mut net = N::new(Arc::new(weights));
    let samples = flat(input);
    let elements = N::GRAPH.input().elements();
    let outputs = samples.chunks(elements).map(|sample| match net.run(sample) {
        Ok(output) => output.to_vec(),
        Err(error) => panic!("{error}"),
    });
    outputs.collect::<Vec<_>>().concat()
}

fn array(view: &TensorView<'_>) -> ArrayD<f32> {
    assert_eq!(view.dtype(), Dtype::F32, "all tensors are of single precision");
    let numbers = view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    ArrayD::from_shape_vec(view.shape(), numbers).unwrap_or_else(|error| panic!("{:?}: {error}", view.shape()))
}

/// The elements, the last dimension running fastest.
fn flat(array: &ArrayD<f32>) -> Vec<f32> {
    array.iter().copied().collect()
}

/// A file of weights.
fn safetensors(tensors: &BTreeMap<String, ArrayD<f32>>) -> Vec<u8> {
    let bytes = tensors.iter().map(|(name, tensor)| {
        let bytes: Vec<u8> = tensor.iter().flat_map(|number| number.to_le_bytes()).collect();
        (name, tensor.shape().to_vec(), bytes)
    });
    let bytes: Vec<_> = bytes.collect();
    let views = bytes.iter().map(|(name, shape, bytes)| match TensorView::new(Dtype::F32, shape.clone(), bytes) {
        Ok(view) => (name, view),
        Err(error) => panic!("{name}: {error}"),
    });
    serialize(views, None).unwrap_or_else(|error| panic!("{error}"))
}

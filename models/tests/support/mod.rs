//! Golden files: the results of PyTorch's float64 run, written by `tools/golden.py`.

use std::fs;
use std::path::{Path, PathBuf};

use cnn_runtime::exec::isa::Isa;
use safetensors::SafeTensors;

/// A test for each net: `name: Net = "file";` becomes a test of this name that runs the net on the weights and inputs of all cases
/// in the file.
macro_rules! golden {
    ($($test:ident: $net:path = $file:literal;)*) => {
        $(
            #[test]
            fn $test() {
                use cnn::{DynNetwork, Network};

                for (salt, cases) in $crate::support::cases($file) {
                    let file = models::seeded::weights(<$net>::GRAPH, &salt);
                    let weights = <$net as Network>::weights(&file).unwrap_or_else(|error| panic!("{error}"));
                    drop(file);
                    let mut net = <$net>::new(&weights);
                    for case in cases {
                        let input = models::seeded::uniform(&case.input, <$net>::GRAPH.input().elements());
                        let output = net.run(&input).expect("an input of this length").to_vec();
                        // A net without this tap does not end in a function.
                        let logits = net.tap("logits").unwrap_or(&output);
                        case.check(&$crate::support::some(logits));
                    }
                }
            }
        )*
    };
}

pub(crate) use golden;

/// One input and its logits.
pub(crate) struct Case {
    /// The name that the input is derived from.
    pub(crate) input: String,
    logits: Vec<f32>,
}

/// The logits that golden files have: of more than this many, every second one, or third, …
pub(crate) fn some(logits: &[f32]) -> Vec<f32> {
    const MOST: usize = 1 << 16;
    logits.iter().step_by(logits.len().div_ceil(MOST)).copied().collect()
}

/// Where a golden file is.
pub(crate) fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file).with_extension("safetensors")
}

/// The cases of a golden file, by the salt of the weights.
pub(crate) fn cases(file: &str) -> Vec<(String, Vec<Case>)> {
    let bytes = fs::read(path(file)).expect("the file is in the repository");
    let tensors = SafeTensors::deserialize(&bytes).expect("a safetensors file");
    let mut salts: Vec<(String, Vec<Case>)> = Vec::new();
    for (name, tensor) in tensors.iter() {
        let (salt, input) = name.split_once('/').expect("SALT/INPUT");
        let logits = tensor.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let case = Case { input: input.to_owned(), logits };
        match salts.iter_mut().find(|(known, _)| known == salt) {
            Some((_, cases)) => cases.push(case),
            None => salts.push((salt.to_owned(), vec![case])),
        }
    }
    salts
}

impl Case {
    /// The greatest difference of logits, relative to the largest of all, since single ones may be near zero by chance.
    #[track_caller]
    pub(crate) fn error(&self, found: &[f32]) -> f32 {
        assert_eq!(found.len(), self.logits.len());
        let scale = self.logits.iter().fold(0.0_f32, |scale, logit| scale.max(logit.abs()));
        let differences = found.iter().zip(&self.logits).map(|(a, b)| (a - b).abs());
        // Written so that a NaN is kept.
        differences.fold(0.0, |most, difference| if difference <= most { most } else { difference }) / scale
    }

    /// Float32 sums of many terms, layer after layer, stay within a few millionths. Without fused multiply-adds, every product is rounded
    /// too, and errors are a few times as large: up to 1.5e-5 for nets that subtract much (MobileNetV3, the Siamese net).
    #[track_caller]
    pub(crate) fn check(&self, found: &[f32]) {
        let error = self.error(found);
        let most = if Isa::best().name() == "scalar" { 2e-5 } else { 1e-5 };
        assert!(error <= most, "input {}: off by {error} of the largest logit", self.input);
    }
}

//! Prints a hash of every net's output on every instruction set of this machine, with seeded weights: two versions that
//! print the same lines compute the same bits.
//!
//! ```text
//! cargo bench --bench bits > before.txt     # then change the code
//! cargo bench --bench bits | diff before.txt -
//! ```
//!
//! A line is the instruction set, the net, a hash of its output and its taps, and one of every value of its trace.

use std::env;
use std::error::Error;
use std::process::Command;
use std::sync::Arc;

use cnn::Network;
use cnn::trace::Trace;
use cnn::weights::{Source, read};
use cnn_runtime::exec::isa::Isa;
use models::{seeded, tiny, torchvision};

#[path = "../tests/support/nets.rs"]
mod nets;

use nets::*;

/// FNV-1a over the bits of floats.
struct Hash(u64);

impl Hash {
    fn new() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }

    fn add(&mut self, floats: &[f32]) {
        for byte in floats.iter().flat_map(|float| float.to_bits().to_le_bytes()) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3);
        }
    }
}

/// Prints the line of a net.
fn line<N: Network>(name: &str) -> Result<(), Box<dyn Error>> {
    let file = seeded::weights(N::GRAPH, "");
    let image = N::GRAPH.input().elements();
    let mut input = seeded::uniform("input", image * N::BATCH);
    let mut output = Hash::new();
    // The process ends soon, and one net at a time is never much.
    let weights = Arc::new(N::weights(&file)?);
    let mut net = N::new(weights);
    output.add(net.run(&input)?);
    for tap in N::GRAPH.taps {
        output.add(net.tap(tap.name).unwrap_or_default());
    }
    input.truncate(image);
    let mut trace = Hash::new();
    Trace::new(N::GRAPH, &read(N::GRAPH, &Source::new(&file))?).run(&input, |_, numbers| trace.add(numbers))?;
    println!("{} {name} {:016x} {:016x}", Isa::best().name(), output.0, trace.0);
    Ok(())
}

/// A line for each net that `for_each_net!` names.
macro_rules! small {
    ($($test:ident: $net:ident;)*) => {
        fn small() -> Result<(), Box<dyn Error>> {
            $(line::<$net<'static>>(stringify!($net))?;)*
            Ok(())
        }
    };
}

for_each_net!(small);

/// A line for each net of a module.
macro_rules! lines {
    ($($module:ident: $($net:ident)*;)*) => {
        $($(line::<$module::$net<'static>>(concat!(stringify!($module), "::", stringify!($net)))?;)*)*
    };
}

fn large() -> Result<(), Box<dyn Error>> {
    lines! {
        models: Perceptron Mlp LeNet5Batch8 AlexNet AlexNetBatch8 AlexNetF16 Vgg11 Vgg11Lrn Vgg13 Vgg16 Vgg19 InceptionV1
            ResNet18 ResNet34 ResNet50 ResNet50Batch8 ResNet101 ResNet152 UNet Espcn;
        tiny: ResNet8 DsCnn MobileNetV1 Autoencoder;
        torchvision: AlexNet Vgg11 Vgg13 Vgg16 Vgg19 GoogLeNet ResNet18 ResNet34 ResNet50 ResNet101 ResNet152
            ResNeXt50 SqueezeNet1_0 SqueezeNet1_1 MobileNetV2 MobileNetV3Small MobileNetV3Large DenseNet121 DenseNet169
            InceptionV3 ShuffleNetV2 EfficientNetB0 RegNetY400MF ConvNeXtTiny;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    if env::var_os("CNN_ISA").is_some() {
        Isa::from_env()?;
        small()?;
        return large();
    }
    // The instruction set is chosen once in a process.
    for isa in Isa::all() {
        let status = Command::new(env::current_exe()?).env("CNN_ISA", isa.name()).status()?;
        if !status.success() {
            return Err(format!("{} failed: {status}", isa.name()).into());
        }
    }
    Ok(())
}

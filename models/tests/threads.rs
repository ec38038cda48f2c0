//! Nets of all kinds give the same bits on several threads as on one.

use std::sync::Arc;

use cnn::{Network, Pool};
use models::{seeded, torchvision};

/// The bits of a pass on this many threads, split by the pool as usual.
fn compare<N: Network>() {
    let weights = Arc::new(N::weights(&seeded::weights(N::GRAPH, "")).expect("made for the net"));
    let image = seeded::uniform("input", N::GRAPH.input().elements());
    let bits = |mut net: N| -> Vec<u32> {
        let output = net.run(&image).expect("as long as the input");
        output.iter().map(|number| number.to_bits()).collect()
    };
    let alone = bits(N::new(&weights));
    for threads in [2, 3, 5] {
        let pool = Arc::new(Pool::new(threads));
        assert_eq!(bits(N::new(&weights).with_pool(pool)), alone, "{} on {threads} threads", N::GRAPH.name);
    }
}

#[test]
fn lenet5() {
    compare::<models::LeNet5>();
}

#[test]
fn alexnet() {
    compare::<models::AlexNet>();
}

#[test]
fn inception_v1() {
    compare::<models::InceptionV1>();
}

#[test]
fn resnet50() {
    compare::<models::ResNet50>();
}

/// Depthwise convolutions.
#[test]
fn mobilenet_v2() {
    compare::<torchvision::MobileNetV2>();
}

/// Many concats.
#[test]
fn densenet121() {
    compare::<torchvision::DenseNet121>();
}

/// Halves of channels that are shuffled, in place.
#[test]
fn shufflenet_v2() {
    compare::<torchvision::ShuffleNetV2>();
}

/// Layer normalisation and factors for channels.
#[test]
fn convnext_tiny() {
    compare::<torchvision::ConvNeXtTiny>();
}

/// Gates for channels.
#[test]
fn efficientnet_b0() {
    compare::<torchvision::EfficientNetB0>();
}

/// Transposed convolutions, and values that are read late.
#[test]
fn unet() {
    compare::<models::UNet>();
}

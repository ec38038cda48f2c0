//! Compares nets with PyTorch: the logits of a float64 run with the same weights and inputs.
//!
//! Nets whose weights take hundreds of megabytes are in `golden_large`, which CI runs too:
//! `cargo test --release -p cnn-models --test golden_large -- --test-threads 2`.

mod support;

use models::seeded;

support::golden! {
    perceptron: models::Perceptron = "perceptron";
    mlp: models::Mlp = "mlp";
    lenet5: models::LeNet5 = "lenet5";
    alexnet: models::AlexNet = "alexnet";
    inception_v1: models::InceptionV1 = "inception-v1";
    resnet18: models::ResNet18 = "resnet18";
    resnet34: models::ResNet34 = "resnet34";
    resnet50: models::ResNet50 = "resnet50";
    resnet101: models::ResNet101 = "resnet101";
    torchvision_alexnet: models::torchvision::AlexNet = "torchvision-alexnet";
    torchvision_googlenet: models::torchvision::GoogLeNet = "torchvision-googlenet";
    torchvision_resnet50: models::torchvision::ResNet50 = "torchvision-resnet50";
    torchvision_resnet101: models::torchvision::ResNet101 = "torchvision-resnet101";
    torchvision_squeezenet1_1: models::torchvision::SqueezeNet1_1 = "torchvision-squeezenet1_1";
    torchvision_mobilenet_v2: models::torchvision::MobileNetV2 = "torchvision-mobilenet_v2";
    torchvision_densenet121: models::torchvision::DenseNet121 = "torchvision-densenet121";
}

/// A weight is off by at most 2^-11 of itself, and by about 2e-4 as a root mean square. Sums keep that, so three layers are off
/// by 3.5e-4; the measured error is 4.2e-4 of the largest logit.
#[test]
fn alexnet_with_weights_in_half_precision() {
    for (salt, cases) in support::cases("alexnet") {
        let weights = models::AlexNetF16Weights::from_safetensors(&seeded::weights(models::AlexNetF16::GRAPH, &salt))
            .expect("made for the net");
        let mut net = models::AlexNetF16::new(&weights);
        for case in cases {
            let input = seeded::uniform(&case.input, models::AlexNetF16::GRAPH.input().elements());
            net.forward(input.as_array().expect("as long as the input"));
            let error = case.error(net.tap_logits());
            println!("{salt}/{}: off by {error:.1e} of the largest logit", case.input);
            assert!(error <= 6e-4, "input {}: off by {error} of the largest logit", case.input);
            assert!(error > 1e-5, "as exact as single precision: is it that?");
        }
    }
}

#[test]
fn the_instruction_set_that_was_asked_for_is_there() {
    cnn_runtime::exec::isa::Isa::from_env().unwrap_or_else(|why| panic!("{why}"));
}

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
    unet: models::UNet = "unet";
    espcn: models::Espcn = "espcn";
    siamese: models::Siamese = "siamese";
    yolov5n: models::YoloV5n = "yolov5n";
    tiny_resnet8: models::tiny::ResNet8 = "tiny-resnet8";
    tiny_ds_cnn: models::tiny::DsCnn = "tiny-ds-cnn";
    tiny_mobilenet_v1: models::tiny::MobileNetV1 = "tiny-mobilenet-v1";
    tiny_autoencoder: models::tiny::Autoencoder = "tiny-autoencoder";
    torchvision_alexnet: models::torchvision::AlexNet = "torchvision-alexnet";
    torchvision_googlenet: models::torchvision::GoogLeNet = "torchvision-googlenet";
    torchvision_resnet50: models::torchvision::ResNet50 = "torchvision-resnet50";
    torchvision_resnet101: models::torchvision::ResNet101 = "torchvision-resnet101";
    torchvision_resnext50_32x4d: models::torchvision::ResNeXt50 = "torchvision-resnext50_32x4d";
    torchvision_squeezenet1_0: models::torchvision::SqueezeNet1_0 = "torchvision-squeezenet1_0";
    torchvision_squeezenet1_1: models::torchvision::SqueezeNet1_1 = "torchvision-squeezenet1_1";
    torchvision_mobilenet_v2: models::torchvision::MobileNetV2 = "torchvision-mobilenet_v2";
    torchvision_mobilenet_v3_small: models::torchvision::MobileNetV3Small = "torchvision-mobilenet_v3_small";
    torchvision_mobilenet_v3_large: models::torchvision::MobileNetV3Large = "torchvision-mobilenet_v3_large";
    torchvision_densenet121: models::torchvision::DenseNet121 = "torchvision-densenet121";
    torchvision_densenet169: models::torchvision::DenseNet169 = "torchvision-densenet169";
    torchvision_efficientnet_b0: models::torchvision::EfficientNetB0 = "torchvision-efficientnet_b0";
    torchvision_shufflenet_v2_x1_0: models::torchvision::ShuffleNetV2 = "torchvision-shufflenet_v2_x1_0";
    torchvision_regnet_y_400mf: models::torchvision::RegNetY400MF = "torchvision-regnet_y_400mf";
    torchvision_convnext_tiny: models::torchvision::ConvNeXtTiny = "torchvision-convnext_tiny";
    torchvision_inception_v3: models::torchvision::InceptionV3 = "torchvision-inception_v3";
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

/// Looks for the golden files of nets.
struct Golden;

impl models::Visitor for Golden {
    fn net<N: cnn::Network + models::About>(&mut self, name: &'static str) {
        // Two of torchvision's nets are the same as the papers', and one net is a variant.
        let names = [Some(name), name.strip_prefix("torchvision-"), name.strip_suffix("-f16")];
        assert!(
            names.into_iter().flatten().any(|name| support::path(name).exists()),
            "{name} is not compared with PyTorch"
        );
    }
}

#[test]
fn every_net_has_a_golden_file() {
    models::each(&mut Golden);
}

#[test]
fn the_instruction_set_that_was_asked_for_is_there() {
    cnn_runtime::exec::isa::Isa::from_env().unwrap_or_else(|why| panic!("{why}"));
}

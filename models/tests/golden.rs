//! Nets against PyTorch: the logits of a float64 run with the same weights and inputs.
//!
//! Nets whose weights take hundreds of megabytes are in `golden_large`, which CI runs too:
//! `cargo test --release -p models --test golden_large -- --test-threads 2`.

mod support;

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

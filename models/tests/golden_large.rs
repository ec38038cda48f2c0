//! The nets that `golden` leaves out: their weights take hundreds of megabytes, once as a file and once packed.

mod support;

support::golden! {
    vgg11: models::Vgg11 = "vgg11";
    vgg11_lrn: models::Vgg11Lrn = "vgg11-lrn";
    vgg13: models::Vgg13 = "vgg13";
    vgg16: models::Vgg16 = "vgg16";
    vgg19: models::Vgg19 = "vgg19";
    resnet152: models::ResNet152 = "resnet152";
    torchvision_vgg11: models::torchvision::Vgg11 = "torchvision-vgg11";
    torchvision_vgg13: models::torchvision::Vgg13 = "torchvision-vgg13";
    torchvision_vgg16: models::torchvision::Vgg16 = "torchvision-vgg16";
    torchvision_vgg19: models::torchvision::Vgg19 = "torchvision-vgg19";
    torchvision_resnet152: models::torchvision::ResNet152 = "torchvision-resnet152";
}

#[test]
fn the_instruction_set_that_was_asked_for_is_there() {
    cnn_runtime::exec::isa::Isa::from_env().unwrap_or_else(|why| panic!("{why}"));
}

//! Nets of the importer's cases.

pub(crate) const RESNET: &str = "../cnn-import/tests/cases/resnet_dynamo.onnx";
pub(crate) const MOBILE: &str = "../cnn-import/tests/cases/mobile_torchscript.onnx";
pub(crate) const TFLITE: &str = "../cnn-import/tests/tflite/unet.tflite";
pub(crate) const UNET: &str = "../cnn-import/tests/cases/unet_dynamo.onnx";

cnn::network! {
    // Declared before its net.
    #[memory(small)]
    pub(crate) Small = Resnet;

    pub(crate) Resnet = onnx("../cnn-import/tests/cases/resnet_dynamo.onnx");

    // A block of the same name as one of the model's, and with other layers.
    block basic_block(channels) { conv(channels, 1x1); }

    pub(crate) Own: 3x4x4 -> 2x4x4 { basic_block(2); }

    pub(crate) Mobile = onnx("../cnn-import/tests/cases/mobile_torchscript.onnx",);

    #[batch(3)]
    pub(crate) MobileBatch3 = Mobile;

    pub(crate) Unet = onnx("../cnn-import/tests/cases/unet_dynamo.onnx", weights = load);

    pub(crate) Masked = tflite("../cnn-import/tests/tflite/unet.tflite");

    pub(crate) Ports = onnx("tests/onnx/of_two_ports.onnx", weights = embed);
}

pub(crate) mod sizes {
    cnn::network! {
        const WIDTH = 31;

        /// A small net,
        /// of any size.
        pub(crate) Square = onnx("tests/onnx/of_open_size.onnx", input = 3x16x16);

        pub(crate) Wide = onnx("tests/onnx/of_open_size.onnx", input = 3 x 9 x WIDTH);

        #[algorithm(exact)]
        pub(crate) Loaded = onnx("tests/onnx/of_open_size.onnx", weights = load, input = 3 x 9 x WIDTH);
    }
}

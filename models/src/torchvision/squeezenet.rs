//! torchvision's SqueezeNets.

use cnn::network;

network! {
    /// The fire module: a few 1x1 filters, whose output is read by windows of two sizes.
    block fire(squeeze, expand = 4 * squeeze) {
        squeeze: conv(squeeze, 1x1) -> squeeze_activation: relu;
        concat {
            expand1x1: conv(expand, 1x1) -> expand1x1_activation: relu;
            expand3x3: conv(expand, 3x3, pad = 1) -> expand3x3_activation: relu;
        };
    }

    /// After the fire modules: a map for each class, and its mean.
    block classes() {
        classifier: { dropout(0.5) -> conv(1000, 1x1) -> relu -> global_avg_pool; };
        flatten;
        tap logits;
        softmax;
    }

    /// SqueezeNet 1.0 (Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model
    /// size", 2016), the net of its table 1. Instead of fully connected layers, a convolution gives a map for each class.
    ///
    #[doc = include_str!("../../diagrams/torchvision-squeezenet1_0.svg")]
    pub SqueezeNet1_0: 3x224x224 -> 1000 {
        features: {
            conv(96, 7x7, stride = 2) -> relu -> max_pool(3x3, stride = 2, ceil = true);
            [fire(16); 2];
            fire(32) -> max_pool(3x3, stride = 2, ceil = true); // 256x27x27
            fire(32);
            [fire(48); 2];
            fire(64) -> max_pool(3x3, stride = 2, ceil = true); // 512x13x13
            fire(64);
        };
        ..classes;
    }

    /// SqueezeNet 1.1 (Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model
    /// size", 2016; 1.1 pools earlier than the paper's net and so needs 2.4 times less arithmetic). Instead of fully
    /// connected layers, a convolution gives a map for each class.
    ///
    #[doc = include_str!("../../diagrams/torchvision-squeezenet1_1.svg")]
    pub SqueezeNet1_1: 3x224x224 -> 1000 {
        features: {
            conv(64, 3x3, stride = 2) -> relu -> max_pool(3x3, stride = 2, ceil = true);
            [fire(16); 2]; // 128x55x55
            max_pool(3x3, stride = 2, ceil = true);
            [fire(32); 2]; // 256x27x27
            max_pool(3x3, stride = 2, ceil = true);
            [fire(48); 2]; // 384x13x13
            [fire(64); 2]; // 512x13x13
        };
        ..classes;
    }
}

classifier!(SqueezeNet1_0, SqueezeNet1_1: TORCHVISION, IMAGENET);
about!(SqueezeNet1_0, SqueezeNet1_1: 2016, "few 1x1 filters before the others; no fully connected layer");

//! torchvision's VGG nets: those of the [paper](crate::Vgg16) under other names, `features.0` to `classifier.6`. The adaptive
//! pooling between the two parts does nothing to maps of 7x7, which images of 224x224 become.

use cnn::network;

network! {
    /// torchvision's VGG-11.
    pub Vgg11: 3x224x224 -> 1000 {
        features: {
            conv(64, 3x3, pad = 1) -> relu -> max_pool(2x2);
            conv(128, 3x3, pad = 1) -> relu -> max_pool(2x2);
            conv(256, 3x3, pad = 1) -> relu;
            conv(256, 3x3, pad = 1) -> relu -> max_pool(2x2);
            conv(512, 3x3, pad = 1) -> relu;
            conv(512, 3x3, pad = 1) -> relu -> max_pool(2x2);
            conv(512, 3x3, pad = 1) -> relu;
            conv(512, 3x3, pad = 1) -> relu -> max_pool(2x2);
        };
        avgpool: identity -> flatten;
        classifier: {
            linear(4096) -> relu -> dropout(0.5);
            linear(4096) -> relu -> dropout(0.5);
            linear(1000);
        };
        tap logits;
        softmax;
    }

    /// torchvision's VGG-13.
    pub Vgg13: 3x224x224 -> 1000 {
        features: {
            conv(64, 3x3, pad = 1) -> relu;
            conv(64, 3x3, pad = 1) -> relu -> max_pool(2x2);
            conv(128, 3x3, pad = 1) -> relu;
            conv(128, 3x3, pad = 1) -> relu -> max_pool(2x2);
            conv(256, 3x3, pad = 1) -> relu;
            conv(256, 3x3, pad = 1) -> relu -> max_pool(2x2);
            conv(512, 3x3, pad = 1) -> relu;
            conv(512, 3x3, pad = 1) -> relu -> max_pool(2x2);
            conv(512, 3x3, pad = 1) -> relu;
            conv(512, 3x3, pad = 1) -> relu -> max_pool(2x2);
        };
        avgpool: identity -> flatten;
        classifier: {
            linear(4096) -> relu -> dropout(0.5);
            linear(4096) -> relu -> dropout(0.5);
            linear(1000);
        };
        tap logits;
        softmax;
    }

    /// torchvision's VGG-16.
    pub Vgg16: 3x224x224 -> 1000 {
        features: {
            conv(64, 3x3, pad = 1) -> relu;
            conv(64, 3x3, pad = 1) -> relu -> max_pool(2x2);
            conv(128, 3x3, pad = 1) -> relu;
            conv(128, 3x3, pad = 1) -> relu -> max_pool(2x2);
            conv(256, 3x3, pad = 1) -> relu;
            conv(256, 3x3, pad = 1) -> relu;
            conv(256, 3x3, pad = 1) -> relu -> max_pool(2x2);
            conv(512, 3x3, pad = 1) -> relu;
            conv(512, 3x3, pad = 1) -> relu;
            conv(512, 3x3, pad = 1) -> relu -> max_pool(2x2);
            conv(512, 3x3, pad = 1) -> relu;
            conv(512, 3x3, pad = 1) -> relu;
            conv(512, 3x3, pad = 1) -> relu -> max_pool(2x2);
        };
        avgpool: identity -> flatten;
        classifier: {
            linear(4096) -> relu -> dropout(0.5);
            linear(4096) -> relu -> dropout(0.5);
            linear(1000);
        };
        tap logits;
        softmax;
    }

    /// torchvision's VGG-19.
    pub Vgg19: 3x224x224 -> 1000 {
        features: {
            conv(64, 3x3, pad = 1) -> relu;
            conv(64, 3x3, pad = 1) -> relu -> max_pool(2x2);
            conv(128, 3x3, pad = 1) -> relu;
            conv(128, 3x3, pad = 1) -> relu -> max_pool(2x2);
            conv(256, 3x3, pad = 1) -> relu;
            conv(256, 3x3, pad = 1) -> relu;
            conv(256, 3x3, pad = 1) -> relu;
            conv(256, 3x3, pad = 1) -> relu -> max_pool(2x2);
            conv(512, 3x3, pad = 1) -> relu;
            conv(512, 3x3, pad = 1) -> relu;
            conv(512, 3x3, pad = 1) -> relu;
            conv(512, 3x3, pad = 1) -> relu -> max_pool(2x2);
            conv(512, 3x3, pad = 1) -> relu;
            conv(512, 3x3, pad = 1) -> relu;
            conv(512, 3x3, pad = 1) -> relu;
            conv(512, 3x3, pad = 1) -> relu -> max_pool(2x2);
        };
        avgpool: identity -> flatten;
        classifier: {
            linear(4096) -> relu -> dropout(0.5);
            linear(4096) -> relu -> dropout(0.5);
            linear(1000);
        };
        tap logits;
        softmax;
    }
}

classifier!(Vgg11, Vgg13, Vgg16, Vgg19: TORCHVISION, IMAGENET);

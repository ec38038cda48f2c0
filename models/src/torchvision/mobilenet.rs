//! torchvision's MobileNet-v2.

use cnn::network;

network! {
    /// A convolution without a bias, its batch normalisation, and ReLU6.
    block conv_norm(filters, size = 1, stride = 1, groups = 1) {
        conv(filters, size, stride = stride, pad = size / 2, groups = groups, bias = false) -> batch_norm -> relu6;
    }

    /// The first bottleneck, which does not expand: one filter per channel, then a projection without a function.
    block separable(inputs, outputs) {
        conv: {
            conv_norm(inputs, size = 3, groups = inputs);
            conv(outputs, 1x1, bias = false) -> batch_norm;
        };
    }

    /// The inverted bottleneck: wide inside, where there is one filter per channel, and thin outside.
    block bottleneck(inputs, outputs, stride = 1, wide = 6 * inputs) {
        conv: {
            conv_norm(wide);
            conv_norm(wide, size = 3, stride = stride, groups = wide);
            conv(outputs, 1x1, bias = false) -> batch_norm;
        };
    }

    /// A bottleneck that keeps size and channels, and adds its input.
    block residual(channels, wide = 6 * channels) {
        add {
            conv: {
                conv_norm(wide);
                conv_norm(wide, size = 3, groups = wide);
                conv(channels, 1x1, bias = false) -> batch_norm;
            };
            skip;
        };
    }

    /// MobileNet-v2 (Sandler, Howard, Zhu, Zhmoginov & Chen, "MobileNetV2: inverted residuals and linear bottlenecks",
    /// CVPR 2018): the rows of its table 2, one line each.
    ///
    #[doc = include_str!("../../diagrams/torchvision-mobilenet_v2.svg")]
    pub MobileNetV2: 3x224x224 -> 1000 {
        features: {
            conv_norm(32, size = 3, stride = 2);
            separable(32, 16); // 16x112x112
            bottleneck(16, 24, stride = 2) -> residual(24); // 24x56x56
            bottleneck(24, 32, stride = 2) -> [residual(32); 2]; // 32x28x28
            bottleneck(32, 64, stride = 2) -> [residual(64); 3]; // 64x14x14
            bottleneck(64, 96) -> [residual(96); 2]; // 96x14x14
            bottleneck(96, 160, stride = 2) -> [residual(160); 2]; // 160x7x7
            bottleneck(160, 320); // 320x7x7
            conv_norm(1280);
        };
        global_avg_pool;
        classifier: { dropout(0.2) -> linear(1000); };
        tap logits;
        softmax;
    }
}

classifier!(MobileNetV2: TORCHVISION, IMAGENET);
about!(MobileNetV2: 2018, "a filter for each channel; bottlenecks that are wide inside and thin outside");

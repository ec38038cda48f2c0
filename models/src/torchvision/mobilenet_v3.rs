//! torchvision's MobileNet-v3.

use cnn::network;

network! {
    /// A convolution without a bias, its batch normalisation, and a function.
    block conv_norm(filters, size = 1, stride = 1, groups = 1, act = hard_swish) {
        conv(filters, size, stride = stride, pad = size / 2, groups = groups, bias = false)
            -> batch_norm(eps = 1e-3, momentum = 0.01) -> act;
    }

    /// Squeeze and excitation: each channel is multiplied by a factor that follows from the means of all channels.
    block squeeze(channels, few = (channels / 4 + 7) / 8 * 8) {
        mul {
            skip;
            avgpool: global_avg_pool -> fc1: conv(few, 1x1) -> activation: relu
                -> fc2: conv(channels, 1x1) -> scale_activation: hard_sigmoid;
        };
    }

    /// The bottleneck of table 1, wide inside and thin outside. Those with `se = 1` have squeeze and excitation, and the first
    /// one of a net does not expand.
    block bneck(kernel, wide, out, se = 0, act = hard_swish, stride = 1, expand = 1) {
        block: {
            [conv_norm(wide, act = act); expand];
            conv_norm(wide, size = kernel, stride = stride, groups = wide, act = act);
            [squeeze(wide); se];
            { conv(out, 1x1, bias = false) -> batch_norm(eps = 1e-3, momentum = 0.01); };
        };
    }

    /// A bottleneck that keeps size and channels, and adds its input.
    block residual(kernel, wide, out, se = 0, act = hard_swish, expand = 1) {
        add { ..bneck(kernel, wide, out, se = se, act = act, expand = expand); skip; };
    }

    /// The last two layers.
    block layers(features) {
        linear(features) -> hard_swish -> dropout(0.2) -> linear(1000);
    }

    /// MobileNet-v3, small (Howard et al., "Searching for MobileNetV3", ICCV 2019): the rows of its table 2, one call each, as
    /// a search found them.
    ///
    #[doc = include_str!("../../diagrams/torchvision-mobilenet_v3_small.svg")]
    pub MobileNetV3Small: 3x224x224 -> 1000 {
        features: {
            conv_norm(16, size = 3, stride = 2);
            bneck(3, 16, 16, se = 1, act = relu, stride = 2, expand = 0); // 16x56x56
            bneck(3, 72, 24, act = relu, stride = 2) -> residual(3, 88, 24, act = relu); // 24x28x28
            bneck(5, 96, 40, se = 1, stride = 2) -> [residual(5, 240, 40, se = 1); 2]; // 40x14x14
            bneck(5, 120, 48, se = 1) -> residual(5, 144, 48, se = 1); // 48x14x14
            bneck(5, 288, 96, se = 1, stride = 2) -> [residual(5, 576, 96, se = 1); 2]; // 96x7x7
            conv_norm(576);
        };
        avgpool: global_avg_pool;
        classifier: layers(1024);
        tap logits;
        softmax;
    }

    /// MobileNet-v3, large (Howard et al., "Searching for MobileNetV3", ICCV 2019): the rows of its table 1, one call each.
    ///
    #[doc = include_str!("../../diagrams/torchvision-mobilenet_v3_large.svg")]
    pub MobileNetV3Large: 3x224x224 -> 1000 {
        features: {
            conv_norm(16, size = 3, stride = 2);
            residual(3, 16, 16, act = relu, expand = 0); // 16x112x112
            bneck(3, 64, 24, act = relu, stride = 2) -> residual(3, 72, 24, act = relu); // 24x56x56
            bneck(5, 72, 40, se = 1, act = relu, stride = 2) -> [residual(5, 120, 40, se = 1, act = relu); 2]; // 40x28x28
            bneck(3, 240, 80, stride = 2) -> residual(3, 200, 80) -> [residual(3, 184, 80); 2]; // 80x14x14
            bneck(3, 480, 112, se = 1) -> residual(3, 672, 112, se = 1); // 112x14x14
            bneck(5, 672, 160, se = 1, stride = 2) -> [residual(5, 960, 160, se = 1); 2]; // 160x7x7
            conv_norm(960);
        };
        avgpool: global_avg_pool;
        classifier: layers(1280);
        tap logits;
        softmax;
    }
}

classifier!(MobileNetV3Small, MobileNetV3Large: TORCHVISION, IMAGENET);
about!(MobileNetV3Small, MobileNetV3Large: 2019, "found by a search; hard swish; channels that weigh each other");

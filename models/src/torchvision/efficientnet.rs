//! torchvision's EfficientNet.

use cnn::network;

network! {
    /// A convolution without a bias, its batch normalisation, and SiLU.
    block conv_norm(filters, size = 1, stride = 1, groups = 1) {
        conv(filters, size, stride = stride, pad = size / 2, groups = groups, bias = false) -> batch_norm -> silu;
    }

    /// Squeeze and excitation: each channel is multiplied by a factor that follows from the means of all channels.
    block squeeze(channels, few) {
        mul {
            skip;
            avgpool: global_avg_pool -> fc1: conv(few, 1x1) -> activation: silu
                -> fc2: conv(channels, 1x1) -> scale_activation: sigmoid;
        };
    }

    /// MBConv, the inverted bottleneck: wide inside, where there is one filter per channel, and thin outside. The first one does
    /// not expand.
    block mbconv(kernel, inputs, out, stride = 1, expand = 1, wide = 6 * inputs) {
        block: {
            [conv_norm(wide); expand];
            conv_norm(wide, size = kernel, stride = stride, groups = wide);
            squeeze(wide, inputs / 4);
            { conv(out, 1x1, bias = false) -> batch_norm; };
        };
    }

    /// An MBConv that keeps size and channels, and adds its input.
    block residual(kernel, channels) {
        add { ..mbconv(kernel, channels, channels); skip; };
    }

    /// EfficientNet-B0 (Tan & Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019): the
    /// rows of its table 1, one line each. The larger ones, B1 to B7, are deeper, wider, and read larger images.
    ///
    #[doc = include_str!("../../diagrams/torchvision-efficientnet_b0.svg")]
    pub EfficientNetB0: 3x224x224 -> 1000 {
        features: {
            conv_norm(32, size = 3, stride = 2);
            { mbconv(3, 32, 16, expand = 0, wide = 32); }; // 16x112x112
            { mbconv(3, 16, 24, stride = 2); residual(3, 24); }; // 24x56x56
            { mbconv(5, 24, 40, stride = 2); residual(5, 40); }; // 40x28x28
            { mbconv(3, 40, 80, stride = 2); [residual(3, 80); 2]; }; // 80x14x14
            { mbconv(5, 80, 112); [residual(5, 112); 2]; }; // 112x14x14
            { mbconv(5, 112, 192, stride = 2); [residual(5, 192); 3]; }; // 192x7x7
            { mbconv(3, 192, 320); }; // 320x7x7
            conv_norm(1280);
        };
        avgpool: global_avg_pool;
        classifier: { dropout(0.2) -> linear(1000); };
        tap logits;
        softmax;
    }
}

classifier!(EfficientNetB0: TORCHVISION_BICUBIC, IMAGENET);
about!(EfficientNetB0: 2019, "depth, width and resolution that grow together");

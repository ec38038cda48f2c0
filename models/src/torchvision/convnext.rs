//! torchvision's ConvNeXt.

use cnn::network;

network! {
    /// One 7x7 filter per channel, then a perceptron for each pixel; a learnt factor for each channel of the result.
    block residual(width) {
        add {
            block: {
                conv(width, 7x7, pad = 3, groups = width);
                2: layer_norm(eps = 1e-6) -> conv(4 * width, 1x1) -> gelu -> conv(width, 1x1);
            } -> layer_scale: scale;
            skip;
        };
    }

    /// Between stages: half the size.
    block down(filters) {
        layer_norm(eps = 1e-6) -> conv(filters, 2x2, stride = 2);
    }

    /// ConvNeXt-T (Liu, Mao, Wu, Feichtenhofer, Darrell & Xie, "A ConvNet for the 2020s", CVPR 2022): stages of 3, 3, 9 and 3
    /// blocks, a ResNet with what vision transformers had shown to work.
    ///
    #[doc = include_str!("../../diagrams/torchvision-convnext_tiny.svg")]
    pub ConvNeXtTiny: 3x224x224 -> 1000 {
        features: {
            { conv(96, 4x4, stride = 4) -> layer_norm(eps = 1e-6); };
            { [residual(96); 3]; }; // 96x56x56
            down(192);
            { [residual(192); 3]; }; // 192x28x28
            down(384);
            { [residual(384); 9]; }; // 384x14x14
            down(768);
            { [residual(768); 3]; }; // 768x7x7
        };
        avgpool: global_avg_pool;
        classifier: { layer_norm(eps = 1e-6) -> flatten -> linear(1000); };
        tap logits;
        softmax;
    }
}

classifier!(ConvNeXtTiny: TORCHVISION_CONVNEXT, IMAGENET);
about!(ConvNeXtTiny: 2022, "windows of 7x7 per channel; a residual net trained and built as transformers are");

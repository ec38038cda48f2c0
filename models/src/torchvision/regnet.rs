//! torchvision's RegNet.

use cnn::network;

network! {
    /// A convolution without a bias, its batch normalisation, and ReLU.
    block conv_norm(filters, size = 1, stride = 1, groups = 1) {
        conv(filters, size, stride = stride, pad = size / 2, groups = groups, bias = false) -> batch_norm -> relu;
    }

    /// Squeeze and excitation: each channel is multiplied by a factor that follows from the means of all channels.
    block squeeze(channels, few) {
        mul {
            skip;
            avgpool: global_avg_pool -> fc1: conv(few, 1x1) -> activation: relu
                -> fc2: conv(channels, 1x1) -> scale_activation: sigmoid;
        };
    }

    /// The Y block's bottleneck, as wide inside as outside: its 3x3 convolution has groups of 8 channels.
    block bottleneck(inputs, width, stride = 1) {
        a: conv_norm(width);
        b: conv_norm(width, size = 3, stride = stride, groups = width / 8);
        se: squeeze(width, inputs / 4);
        c: { conv(width, 1x1, bias = false) -> batch_norm; };
    }

    /// The first block of a stage: it halves the size, and the input passes through a convolution too.
    block down(inputs, width) {
        add {
            proj: { conv(width, 1x1, stride = 2, bias = false) -> batch_norm; };
            f: bottleneck(inputs, width, stride = 2);
        } -> activation: relu;
    }

    /// A block that adds its input.
    block same(width) {
        add { skip; f: bottleneck(width, width); } -> activation: relu;
    }

    /// RegNetY-400MF (Radosavovic, Kosaraju, Girshick, He & Dollar, "Designing network design spaces", CVPR 2020): four stages of
    /// 1, 3, 6 and 6 blocks, whose widths follow from a line that is rounded to few values.
    ///
    #[doc = include_str!("../../diagrams/torchvision-regnet_y_400mf.svg")]
    pub RegNetY400MF: 3x224x224 -> 1000 {
        stem: conv_norm(32, size = 3, stride = 2);
        trunk_output: {
            block1: { "block1-0": down(32, 48); }; // 48x56x56
            block2: { "block2-0": down(48, 104); ["block2-1"..: same(104); 2]; }; // 104x28x28
            block3: { "block3-0": down(104, 208); ["block3-1"..: same(208); 5]; }; // 208x14x14
            block4: { "block4-0": down(208, 440); ["block4-1"..: same(440); 5]; }; // 440x7x7
        };
        avgpool: global_avg_pool;
        fc: linear(1000);
        tap logits;
        softmax;
    }
}

classifier!(RegNetY400MF: TORCHVISION, IMAGENET);
about!(RegNetY400MF: 2020, "a design space, in which few numbers give depths and widths");

//! torchvision's residual nets. Blocks of two convolutions leave no choice about the stride, so ResNet-18 and 34 are the same as
//! the paper's, with the same names.

use cnn::network;

pub use crate::resnet::{ResNet18, ResNet18Weights, ResNet18Workspace, ResNet34, ResNet34Weights, ResNet34Workspace};

network! {
    /// The three convolutions of a bottleneck, and their batch normalisations. The stride is in the 3x3.
    block bottleneck(mid, out, stride = 1, groups = 1) {
        conv1: conv(mid, 1x1, bias = false) -> bn1: batch_norm -> relu
            -> conv2: conv(mid, 3x3, stride = stride, pad = 1, groups = groups, bias = false) -> bn2: batch_norm -> relu
            -> conv3: conv(out, 1x1, bias = false) -> bn3: batch_norm;
    }

    /// The identity block: a bottleneck, and the input added to its result.
    block identity_block(mid, out = 4 * mid) {
        add { ..bottleneck(mid, out); skip; } -> relu: relu;
    }

    /// The convolution block, first of a stage: the input passes through a convolution too.
    block conv_block(mid, stride, out = 4 * mid) {
        add {
            ..bottleneck(mid, out, stride = stride);
            downsample: { conv(out, 1x1, stride = stride, bias = false) -> batch_norm; };
        } -> relu: relu;
    }

    /// ResNeXt's identity block: the 3x3 convolution has 32 groups.
    block grouped_identity(mid, out = 2 * mid) {
        add { ..bottleneck(mid, out, groups = 32); skip; } -> relu: relu;
    }

    /// ResNeXt's convolution block.
    block grouped_conv(mid, stride, out = 2 * mid) {
        add {
            ..bottleneck(mid, out, stride = stride, groups = 32);
            downsample: { conv(out, 1x1, stride = stride, bias = false) -> batch_norm; };
        } -> relu: relu;
    }

    /// Before the stages: from 3x224x224 to 64x56x56.
    block stem() {
        conv1: conv(64, 7x7, stride = 2, pad = 3, bias = false) -> bn1: batch_norm -> relu: relu;
        maxpool: max_pool(3x3, stride = 2, pad = 1);
    }

    /// After the stages: from maps to probabilities.
    block head() {
        avgpool: global_avg_pool;
        fc: linear(1000);
        tap logits;
        softmax;
    }

    /// A column of table 1 of the paper: the numbers of bottlenecks in its four stages.
    block resnet(two, three, four, five) {
        ..stem;
        layer1: { conv_block(64, stride = 1); [identity_block(64); two - 1]; }; // conv2_x, 256x56x56
        layer2: { conv_block(128, stride = 2); [identity_block(128); three - 1]; }; // conv3_x, 512x28x28
        layer3: { conv_block(256, stride = 2); [identity_block(256); four - 1]; }; // conv4_x, 1024x14x14
        layer4: { conv_block(512, stride = 2); [identity_block(512); five - 1]; }; // conv5_x, 2048x7x7
        ..head;
    }

    /// torchvision's ResNet-50 "v1.5" (He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR
    /// 2016): stages of 3, 4, 6 and 3 bottlenecks, which stride in their 3x3 convolution, where
    /// [`ResNet50`](crate::ResNet50) strides in the first 1x1. That is a little more accurate, and costs a little more.
    ///
    #[doc = include_str!("../../diagrams/torchvision-resnet50.svg")]
    pub ResNet50: 3x224x224 -> 1000 { ..resnet(3, 4, 6, 3); }

    /// torchvision's ResNet-101 "v1.5" (He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR
    /// 2016): stages of 3, 4, 23 and 3 bottlenecks, which stride in their 3x3 convolution, where
    /// [`ResNet101`](crate::ResNet101) strides in the first 1x1. That is a little more accurate, and costs a little more.
    ///
    #[doc = include_str!("../../diagrams/torchvision-resnet101.svg")]
    pub ResNet101: 3x224x224 -> 1000 { ..resnet(3, 4, 23, 3); }

    /// torchvision's ResNet-152 "v1.5" (He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR
    /// 2016): stages of 3, 8, 36 and 3 bottlenecks, which stride in their 3x3 convolution, where
    /// [`ResNet152`](crate::ResNet152) strides in the first 1x1. That is a little more accurate, and costs a little more.
    ///
    #[doc = include_str!("../../diagrams/torchvision-resnet152.svg")]
    pub ResNet152: 3x224x224 -> 1000 { ..resnet(3, 8, 36, 3); }

    /// ResNeXt-50 32x4d (Xie, Girshick, Dollar, Tu & He, "Aggregated residual transformations for deep neural networks",
    /// CVPR 2017): [`ResNet50`] with bottlenecks twice as wide, whose 3x3 convolutions have 32 groups of 4 channels and more.
    ///
    #[doc = include_str!("../../diagrams/torchvision-resnext50_32x4d.svg")]
    pub ResNeXt50: 3x224x224 -> 1000 {
        ..stem;
        layer1: { grouped_conv(128, stride = 1); [grouped_identity(128); 2]; }; // conv2, 256x56x56
        layer2: { grouped_conv(256, stride = 2); [grouped_identity(256); 3]; }; // conv3, 512x28x28
        layer3: { grouped_conv(512, stride = 2); [grouped_identity(512); 5]; }; // conv4, 1024x14x14
        layer4: { grouped_conv(1024, stride = 2); [grouped_identity(1024); 2]; }; // conv5, 2048x7x7
        ..head;
    }
}

classifier!(ResNet50, ResNet101, ResNet152, ResNeXt50: TORCHVISION, IMAGENET);
about!(ResNet50, ResNet101, ResNet152: 2015, "residual blocks that stride in their 3x3 convolution");
about!(ResNeXt50: 2016, "residual blocks whose convolutions have many groups");

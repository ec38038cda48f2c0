//! torchvision's residual nets. Blocks of two convolutions leave no choice about the stride, so ResNet-18 and 34 are the same as
//! the paper's, with the same names.

use cnn::network;

pub use crate::resnet::{ResNet18, ResNet18Weights, ResNet18Workspace, ResNet34, ResNet34Weights, ResNet34Workspace};

network! {
    /// The identity block: a bottleneck of three convolutions, and the input added to their result.
    block identity_block(mid, out = 4 * mid) {
        add {
            conv1: conv(mid, 1x1, bias = false) -> bn1: batch_norm -> relu
                -> conv2: conv(mid, 3x3, pad = 1, bias = false) -> bn2: batch_norm -> relu
                -> conv3: conv(out, 1x1, bias = false) -> bn3: batch_norm;
            skip;
        } -> relu: relu;
    }

    /// The convolution block, first of a stage: the input passes through a convolution too. The stride is in the 3x3.
    block conv_block(mid, stride, out = 4 * mid) {
        add {
            conv1: conv(mid, 1x1, bias = false) -> bn1: batch_norm -> relu
                -> conv2: conv(mid, 3x3, stride = stride, pad = 1, bias = false) -> bn2: batch_norm -> relu
                -> conv3: conv(out, 1x1, bias = false) -> bn3: batch_norm;
            downsample: { conv(out, 1x1, stride = stride, bias = false) -> batch_norm; };
        } -> relu: relu;
    }

    /// torchvision's ResNet-50 "v1.5" (He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR
    /// 2016): stages of 3, 4, 6 and 3 bottlenecks, which stride in their 3x3 convolution, where
    /// [`ResNet50`](crate::ResNet50) strides in the first 1x1. That is a little more accurate, and costs a little more.
    ///
    #[doc = include_str!("../../diagrams/torchvision-resnet50.svg")]
    pub ResNet50: 3x224x224 -> 1000 {
        conv1: conv(64, 7x7, stride = 2, pad = 3, bias = false) -> bn1: batch_norm -> relu: relu;
        maxpool: max_pool(3x3, stride = 2, pad = 1);
        layer1: { conv_block(64, stride = 1); [identity_block(64); 2]; }; // conv2_x, 256x56x56
        layer2: { conv_block(128, stride = 2); [identity_block(128); 3]; }; // conv3_x, 512x28x28
        layer3: { conv_block(256, stride = 2); [identity_block(256); 5]; }; // conv4_x, 1024x14x14
        layer4: { conv_block(512, stride = 2); [identity_block(512); 2]; }; // conv5_x, 2048x7x7
        avgpool: global_avg_pool;
        fc: linear(1000);
        tap logits;
        softmax;
    }

    /// torchvision's ResNet-101 "v1.5" (He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR
    /// 2016): stages of 3, 4, 23 and 3 bottlenecks, which stride in their 3x3 convolution, where
    /// [`ResNet101`](crate::ResNet101) strides in the first 1x1. That is a little more accurate, and costs a little more.
    ///
    #[doc = include_str!("../../diagrams/torchvision-resnet101.svg")]
    pub ResNet101: 3x224x224 -> 1000 {
        conv1: conv(64, 7x7, stride = 2, pad = 3, bias = false) -> bn1: batch_norm -> relu: relu;
        maxpool: max_pool(3x3, stride = 2, pad = 1);
        layer1: { conv_block(64, stride = 1); [identity_block(64); 2]; }; // conv2_x, 256x56x56
        layer2: { conv_block(128, stride = 2); [identity_block(128); 3]; }; // conv3_x, 512x28x28
        layer3: { conv_block(256, stride = 2); [identity_block(256); 22]; }; // conv4_x, 1024x14x14
        layer4: { conv_block(512, stride = 2); [identity_block(512); 2]; }; // conv5_x, 2048x7x7
        avgpool: global_avg_pool;
        fc: linear(1000);
        tap logits;
        softmax;
    }

    /// torchvision's ResNet-152 "v1.5" (He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR
    /// 2016): stages of 3, 8, 36 and 3 bottlenecks, which stride in their 3x3 convolution, where
    /// [`ResNet152`](crate::ResNet152) strides in the first 1x1. That is a little more accurate, and costs a little more.
    ///
    #[doc = include_str!("../../diagrams/torchvision-resnet152.svg")]
    pub ResNet152: 3x224x224 -> 1000 {
        conv1: conv(64, 7x7, stride = 2, pad = 3, bias = false) -> bn1: batch_norm -> relu: relu;
        maxpool: max_pool(3x3, stride = 2, pad = 1);
        layer1: { conv_block(64, stride = 1); [identity_block(64); 2]; }; // conv2_x, 256x56x56
        layer2: { conv_block(128, stride = 2); [identity_block(128); 7]; }; // conv3_x, 512x28x28
        layer3: { conv_block(256, stride = 2); [identity_block(256); 35]; }; // conv4_x, 1024x14x14
        layer4: { conv_block(512, stride = 2); [identity_block(512); 2]; }; // conv5_x, 2048x7x7
        avgpool: global_avg_pool;
        fc: linear(1000);
        tap logits;
        softmax;
    }
}

classifier!(ResNet50, ResNet101, ResNet152: TORCHVISION, IMAGENET);
about!(ResNet50, ResNet101, ResNet152: 2015, "residual blocks that stride in their 3x3 convolution");

//! torchvision's residual nets, "v1.5": bottlenecks stride in the 3x3 convolution, which answers a little better than the
//! paper's first 1x1. Blocks of two convolutions have no such choice, so ResNet-18 and 34 are those of the paper.

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

    /// The convolution block, the first of a stage: the input passes a convolution of its own. It strides in the 3x3.
    block conv_block(mid, stride, out = 4 * mid) {
        add {
            conv1: conv(mid, 1x1, bias = false) -> bn1: batch_norm -> relu
                -> conv2: conv(mid, 3x3, stride = stride, pad = 1, bias = false) -> bn2: batch_norm -> relu
                -> conv3: conv(out, 1x1, bias = false) -> bn3: batch_norm;
            downsample: { conv(out, 1x1, stride = stride, bias = false) -> batch_norm; };
        } -> relu: relu;
    }

    /// torchvision's ResNet-50: stages of 3, 4, 6 and 3 bottlenecks.
    pub ResNet50: 3x224x224 -> 1000 {
        conv1: conv(64, 7x7, stride = 2, pad = 3, bias = false) -> bn1: batch_norm -> relu: relu;
        maxpool: max_pool(3x3, stride = 2, pad = 1);
        layer1: { conv_block(64, stride = 1); [identity_block(64); 2]; };
        layer2: { conv_block(128, stride = 2); [identity_block(128); 3]; };
        layer3: { conv_block(256, stride = 2); [identity_block(256); 5]; };
        layer4: { conv_block(512, stride = 2); [identity_block(512); 2]; };
        avgpool: global_avg_pool;
        fc: linear(1000);
        tap logits;
        softmax;
    }

    /// torchvision's ResNet-101: stages of 3, 4, 23 and 3 bottlenecks.
    pub ResNet101: 3x224x224 -> 1000 {
        conv1: conv(64, 7x7, stride = 2, pad = 3, bias = false) -> bn1: batch_norm -> relu: relu;
        maxpool: max_pool(3x3, stride = 2, pad = 1);
        layer1: { conv_block(64, stride = 1); [identity_block(64); 2]; };
        layer2: { conv_block(128, stride = 2); [identity_block(128); 3]; };
        layer3: { conv_block(256, stride = 2); [identity_block(256); 22]; };
        layer4: { conv_block(512, stride = 2); [identity_block(512); 2]; };
        avgpool: global_avg_pool;
        fc: linear(1000);
        tap logits;
        softmax;
    }

    /// torchvision's ResNet-152: stages of 3, 8, 36 and 3 bottlenecks.
    pub ResNet152: 3x224x224 -> 1000 {
        conv1: conv(64, 7x7, stride = 2, pad = 3, bias = false) -> bn1: batch_norm -> relu: relu;
        maxpool: max_pool(3x3, stride = 2, pad = 1);
        layer1: { conv_block(64, stride = 1); [identity_block(64); 2]; };
        layer2: { conv_block(128, stride = 2); [identity_block(128); 7]; };
        layer3: { conv_block(256, stride = 2); [identity_block(256); 35]; };
        layer4: { conv_block(512, stride = 2); [identity_block(512); 2]; };
        avgpool: global_avg_pool;
        fc: linear(1000);
        tap logits;
        softmax;
    }
}

classifier!(ResNet50, ResNet101, ResNet152: TORCHVISION, IMAGENET);

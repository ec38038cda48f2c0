//! Inception-v1, which its authors named GoogLeNet.

use cnn::network;

network! {
    /// An inception module: windows of three sizes and a pooling side by side. A 1x1 convolution before each of the larger
    /// windows reduces the channels, which makes the window cheap.
    block inception(ones, reduce3, threes, reduce5, fives, pooled) {
        concat {
            conv1x1: conv(ones, 1x1) -> relu;
            reduce3x3: conv(reduce3, 1x1) -> relu -> conv3x3: conv(threes, 3x3, pad = 1) -> relu;
            reduce5x5: conv(reduce5, 1x1) -> relu -> conv5x5: conv(fives, 5x5, pad = 2) -> relu;
            max_pool(3x3, stride = 1, pad = 1) -> pool_proj: conv(pooled, 1x1) -> relu;
        };
    }

    /// Inception-v1 (Szegedy et al., "Going deeper with convolutions", CVPR 2015), as in its table 1: three
    /// convolutions, nine inception modules in three stages, global pooling, one fully connected layer. Local response
    /// normalisation follows the first pooling and the third convolution.
    ///
    /// Two auxiliary classifiers, after modules 4a and 4d, keep gradients alive in training; they do not run here, and a file
    /// of weights may have their tensors or not.
    ///
    #[doc = include_str!("../diagrams/inception-v1.svg")]
    pub InceptionV1: 3x224x224 -> 1000 {
        conv1: conv(64, 7x7, stride = 2, pad = 3) -> relu -> max_pool(3x3, stride = 2, ceil = true) -> lrn;
        reduce2: conv(64, 1x1) -> relu;
        conv2: conv(192, 3x3, pad = 1) -> relu -> lrn -> max_pool(3x3, stride = 2, ceil = true);

        // Stage 3: 28x28.
        inception3a: inception(64, 96, 128, 16, 32, 32);
        inception3b: inception(128, 128, 192, 32, 96, 64) -> max_pool(3x3, stride = 2, ceil = true);

        // Stage 4: 14x14.
        inception4a: inception(192, 96, 208, 16, 48, 64);
        aux aux1(weight = 0.3) {
            avg_pool(5x5, stride = 3) -> conv: conv(128, 1x1) -> relu;
            fc1: linear(1024) -> relu -> dropout(0.7) -> fc2: linear(1000) -> softmax;
        };
        inception4b: inception(160, 112, 224, 24, 64, 64);
        inception4c: inception(128, 128, 256, 24, 64, 64);
        inception4d: inception(112, 144, 288, 32, 64, 64);
        aux aux2(weight = 0.3) {
            avg_pool(5x5, stride = 3) -> conv: conv(128, 1x1) -> relu;
            fc1: linear(1024) -> relu -> dropout(0.7) -> fc2: linear(1000) -> softmax;
        };
        inception4e: inception(256, 160, 320, 32, 128, 128) -> max_pool(3x3, stride = 2, ceil = true);

        // Stage 5: 7x7.
        inception5a: inception(256, 160, 320, 32, 128, 128);
        inception5b: inception(384, 192, 384, 48, 128, 128) -> avg_pool(7x7) -> dropout(0.4);

        fc: linear(1000);
        tap logits;
        softmax;
    }
}

classifier!(InceptionV1: CAFFE, IMAGENET);
about!(InceptionV1: 2014, "windows of several sizes side by side, 1x1 convolutions before them, auxiliary classifiers");

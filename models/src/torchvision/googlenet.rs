//! torchvision's GoogLeNet.

use cnn::network;

network! {
    /// A convolution without a bias, its batch normalisation, and ReLU.
    block basic(filters, size = 1, stride = 1, pad = 0) {
        conv: conv(filters, size, stride = stride, pad = pad, bias = false) -> bn: batch_norm(eps = 1e-3) -> relu;
    }

    /// An inception module.
    block inception(ones, reduce3, threes, reduce5, fives, pooled) {
        concat {
            branch1: basic(ones);
            branch2: { basic(reduce3) -> basic(threes, size = 3, pad = 1); };
            branch3: { basic(reduce5) -> basic(fives, size = 3, pad = 1); };
            branch4: { max_pool(3x3, stride = 1, pad = 1, ceil = true) -> basic(pooled); };
        };
    }

    /// torchvision's GoogLeNet (Szegedy et al., "Going deeper with convolutions", CVPR 2015):
    /// [Inception-v1](crate::InceptionV1) with batch normalisation instead of biases and local response
    /// normalisation, and with windows of 3x3 where the paper has 5x5.
    ///
    /// The published weights read images whose channels are `(x - 0.5) / 0.5`: for them torchvision enables
    /// `transform_input`, which undoes the usual normalisation before the first layer.
    ///
    /// The auxiliary classifiers do not run. torchvision's pool adaptively to 4x4; here an ordinary pooling has the same
    /// shape.
    ///
    #[doc = include_str!("../../diagrams/torchvision-googlenet.svg")]
    pub GoogLeNet: 3x224x224 -> 1000 {
        conv1: basic(64, size = 7, stride = 2, pad = 3) -> maxpool1: max_pool(3x3, stride = 2, ceil = true);
        conv2: basic(64);
        conv3: basic(192, size = 3, pad = 1) -> maxpool2: max_pool(3x3, stride = 2, ceil = true);

        // Stage 3: 28x28.
        inception3a: inception(64, 96, 128, 16, 32, 32);
        inception3b: inception(128, 128, 192, 32, 96, 64) -> maxpool3: max_pool(3x3, stride = 2, ceil = true);

        // Stage 4: 14x14.
        inception4a: inception(192, 96, 208, 16, 48, 64);
        aux aux1(weight = 0.3) {
            avg_pool(5x5, stride = 3) -> conv: basic(128);
            fc1: linear(1024) -> relu -> dropout: dropout(0.7) -> fc2: linear(1000);
        };
        inception4b: inception(160, 112, 224, 24, 64, 64);
        inception4c: inception(128, 128, 256, 24, 64, 64);
        inception4d: inception(112, 144, 288, 32, 64, 64);
        aux aux2(weight = 0.3) {
            avg_pool(5x5, stride = 3) -> conv: basic(128);
            fc1: linear(1024) -> relu -> dropout: dropout(0.7) -> fc2: linear(1000);
        };
        inception4e: inception(256, 160, 320, 32, 128, 128) -> maxpool4: max_pool(2x2, ceil = true);

        // Stage 5: 7x7.
        inception5a: inception(256, 160, 320, 32, 128, 128);
        inception5b: inception(384, 192, 384, 48, 128, 128) -> avgpool: global_avg_pool -> dropout: dropout(0.2);

        fc: linear(1000);
        tap logits;
        softmax;
    }
}

classifier!(GoogLeNet: TORCHVISION_GOOGLENET, IMAGENET);
about!(GoogLeNet: 2014, "Inception-v1 with batch normalisation");

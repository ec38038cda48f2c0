//! torchvision's AlexNet.

use cnn::network;

network! {
    /// torchvision's AlexNet (Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014): for
    /// one GPU, so without groups, with other numbers of filters than in the [paper of 2012](crate::AlexNet), and without
    /// local response normalisation. The adaptive pooling between the two parts does not change maps of 6x6, which
    /// result from images of 224x224.
    ///
    #[doc = include_str!("../../diagrams/torchvision-alexnet.svg")]
    pub AlexNet: 3x224x224 -> 1000 {
        features: {
            conv(64, 11x11, stride = 4, pad = 2) -> relu -> max_pool(3x3, stride = 2);
            conv(192, 5x5, pad = 2) -> relu -> max_pool(3x3, stride = 2);
            conv(384, 3x3, pad = 1) -> relu;
            conv(256, 3x3, pad = 1) -> relu;
            conv(256, 3x3, pad = 1) -> relu -> max_pool(3x3, stride = 2);
        };
        avgpool: identity -> flatten;
        classifier: {
            dropout(0.5) -> linear(4096) -> relu;
            dropout(0.5) -> linear(4096) -> relu;
            linear(1000);
        };
        tap logits;
        softmax;
    }
}

classifier!(AlexNet: TORCHVISION, IMAGENET);
about!(AlexNet: 2014, "the AlexNet of one GPU: no groups, no local response normalisation");

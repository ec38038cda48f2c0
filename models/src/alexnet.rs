//! AlexNet.

use cnn::network;

network! {
    /// AlexNet (Krizhevsky, Sutskever & Hinton, "ImageNet classification with deep convolutional neural networks", NIPS
    /// 2012): five convolutions and three fully connected layers, of which the first two drop half of their output in
    /// training. The paper's split over two GPUs appears as the two groups of convolutions 2, 4 and 5. Local response
    /// normalisation follows the ReLU of convolutions 1 and 2. The first convolution pads images of 224x224 by 2;
    /// otherwise it would not give the paper's 55x55.
    ///
    #[doc = include_str!("../diagrams/alexnet.svg")]
    pub AlexNet: 3x224x224 -> 1000 {
        conv1: conv(96, 11x11, stride = 4, pad = 2) -> relu -> lrn -> max_pool(3x3, stride = 2); // to 96x27x27
        conv2: conv(256, 5x5, pad = 2, groups = 2) -> relu -> lrn -> max_pool(3x3, stride = 2); // to 256x13x13
        conv3: conv(384, 3x3, pad = 1) -> relu;
        conv4: conv(384, 3x3, pad = 1, groups = 2) -> relu;
        conv5: conv(256, 3x3, pad = 1, groups = 2) -> relu -> max_pool(3x3, stride = 2); // to 256x6x6
        fc6: linear(4096) -> relu -> dropout(0.5);
        fc7: linear(4096) -> relu -> dropout(0.5);
        fc8: linear(1000);
        tap logits;
        softmax;
    }

    /// [`AlexNet`] with the weights of its fully connected layers in half precision: 127 MB instead of 244, most of which a
    /// pass reads from memory. Logits are off by about 4e-4 of the largest.
    ///
    #[doc = include_str!("../diagrams/alexnet-f16.svg")]
    #[store(f16)]
    pub AlexNetF16 = AlexNet;

    /// [`AlexNet`] on 8 images in one pass, which reads each weight once for all of them.
    ///
    #[doc = include_str!("../diagrams/alexnet.svg")]
    #[batch(8)]
    pub AlexNetBatch8 = AlexNet;
}

classifier!(AlexNet, AlexNetF16: CAFFE, IMAGENET);
about!(AlexNet, AlexNetF16, AlexNetBatch8: 2012, "ReLU, dropout, local response normalisation, training on GPUs; winner of ImageNet 2012");

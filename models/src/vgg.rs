//! The VGG nets. They are columns of table 1 of the paper: stacks of 3x3 convolutions that keep the size, each stack
//! followed by a pooling that halves it, and three fully connected layers. A convolution is named after its stage and its
//! position there.

use cnn::network;

network! {
    /// A column of table 1: the numbers of convolutions in its five stages, and of normalisations in the first.
    block vgg(one, two, three, four, five, norms = 0) {
        [conv1_1..: conv(64, 3x3, pad = 1) -> relu; one] -> [lrn; norms] -> max_pool(2x2); // to 64x112x112
        [conv2_1..: conv(128, 3x3, pad = 1) -> relu; two] -> max_pool(2x2); // to 128x56x56
        [conv3_1..: conv(256, 3x3, pad = 1) -> relu; three] -> max_pool(2x2); // to 256x28x28
        [conv4_1..: conv(512, 3x3, pad = 1) -> relu; four] -> max_pool(2x2); // to 512x14x14
        [conv5_1..: conv(512, 3x3, pad = 1) -> relu; five] -> max_pool(2x2); // to 512x7x7
        fc6: linear(4096) -> relu -> dropout(0.5);
        fc7: linear(4096) -> relu -> dropout(0.5);
        fc8: linear(1000);
        tap logits;
        softmax;
    }

    /// VGG-11 (Simonyan & Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015),
    /// column A of its table 1: eight convolutions in five stages, and three fully connected layers.
    ///
    #[doc = include_str!("../diagrams/vgg11.svg")]
    pub Vgg11: 3x224x224 -> 1000 { ..vgg(1, 1, 2, 2, 2); }

    /// VGG-11 with local response normalisation (Simonyan & Zisserman, "Very deep convolutional networks for
    /// large-scale image recognition", ICLR 2015), column A-LRN of its table 1. The normalisation follows the first
    /// convolution, with the numbers of [`AlexNet`](crate::AlexNet); the paper found that it does not help.
    ///
    #[doc = include_str!("../diagrams/vgg11-lrn.svg")]
    pub Vgg11Lrn: 3x224x224 -> 1000 { ..vgg(1, 1, 2, 2, 2, norms = 1); }

    /// VGG-13 (Simonyan & Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015),
    /// column B of its table 1: ten convolutions in five stages, and three fully connected layers.
    ///
    #[doc = include_str!("../diagrams/vgg13.svg")]
    pub Vgg13: 3x224x224 -> 1000 { ..vgg(2, 2, 2, 2, 2); }

    /// VGG-16 (Simonyan & Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015),
    /// column D of its table 1: thirteen convolutions in five stages, and three fully connected layers.
    ///
    #[doc = include_str!("../diagrams/vgg16.svg")]
    pub Vgg16: 3x224x224 -> 1000 { ..vgg(2, 2, 3, 3, 3); }

    /// VGG-19 (Simonyan & Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015),
    /// column E of its table 1: sixteen convolutions in five stages, and three fully connected layers.
    ///
    #[doc = include_str!("../diagrams/vgg19.svg")]
    pub Vgg19: 3x224x224 -> 1000 { ..vgg(2, 2, 4, 4, 4); }
}

classifier!(Vgg11, Vgg11Lrn, Vgg13, Vgg16, Vgg19: CAFFE_VGG, IMAGENET);
about!(Vgg11, Vgg11Lrn, Vgg13, Vgg16, Vgg19: 2014, "windows of 3x3 alone, many of them");

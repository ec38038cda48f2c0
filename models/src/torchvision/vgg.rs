//! torchvision's VGG nets.

use cnn::network;

network! {
    /// A column of table 1 of the paper: the numbers of convolutions in its five stages.
    block vgg(one, two, three, four, five) {
        features: {
            [conv(64, 3x3, pad = 1) -> relu; one] -> max_pool(2x2); // to 64x112x112
            [conv(128, 3x3, pad = 1) -> relu; two] -> max_pool(2x2); // to 128x56x56
            [conv(256, 3x3, pad = 1) -> relu; three] -> max_pool(2x2); // to 256x28x28
            [conv(512, 3x3, pad = 1) -> relu; four] -> max_pool(2x2); // to 512x14x14
            [conv(512, 3x3, pad = 1) -> relu; five] -> max_pool(2x2); // to 512x7x7
        };
        avgpool: identity -> flatten;
        classifier: {
            [linear(4096) -> relu -> dropout(0.5); 2];
            linear(1000);
        };
        tap logits;
        softmax;
    }

    /// torchvision's VGG-11 (Simonyan & Zisserman, "Very deep convolutional networks for large-scale image
    /// recognition", ICLR 2015): [`Vgg11`](crate::Vgg11) with the names `features.0` to `classifier.6`. The adaptive
    /// pooling between its two parts does not change maps of 7x7, which result from images of 224x224.
    ///
    #[doc = include_str!("../../diagrams/torchvision-vgg11.svg")]
    pub Vgg11: 3x224x224 -> 1000 { ..vgg(1, 1, 2, 2, 2); }

    /// torchvision's VGG-13 (Simonyan & Zisserman, "Very deep convolutional networks for large-scale image
    /// recognition", ICLR 2015): [`Vgg13`](crate::Vgg13) with the names `features.0` to `classifier.6`. The adaptive
    /// pooling between its two parts does not change maps of 7x7, which result from images of 224x224.
    ///
    #[doc = include_str!("../../diagrams/torchvision-vgg13.svg")]
    pub Vgg13: 3x224x224 -> 1000 { ..vgg(2, 2, 2, 2, 2); }

    /// torchvision's VGG-16 (Simonyan & Zisserman, "Very deep convolutional networks for large-scale image
    /// recognition", ICLR 2015): [`Vgg16`](crate::Vgg16) with the names `features.0` to `classifier.6`. The adaptive
    /// pooling between its two parts does not change maps of 7x7, which result from images of 224x224.
    ///
    #[doc = include_str!("../../diagrams/torchvision-vgg16.svg")]
    pub Vgg16: 3x224x224 -> 1000 { ..vgg(2, 2, 3, 3, 3); }

    /// torchvision's VGG-19 (Simonyan & Zisserman, "Very deep convolutional networks for large-scale image
    /// recognition", ICLR 2015): [`Vgg19`](crate::Vgg19) with the names `features.0` to `classifier.6`. The adaptive
    /// pooling between its two parts does not change maps of 7x7, which result from images of 224x224.
    ///
    #[doc = include_str!("../../diagrams/torchvision-vgg19.svg")]
    pub Vgg19: 3x224x224 -> 1000 { ..vgg(2, 2, 4, 4, 4); }
}

classifier!(Vgg11, Vgg13, Vgg16, Vgg19: TORCHVISION, IMAGENET);
about!(Vgg11, Vgg13, Vgg16, Vgg19: 2014, "windows of 3x3 alone, many of them");

//! The VGG nets (Simonyan & Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015):
//! stacks of 3x3 convolutions that keep the size, five poolings that halve it, three fully connected layers. A layer's
//! name is its stage and its place in the stage.

use cnn::network;

network! {
    /// VGG-11, column A of the paper's table 1: eight convolutions and three fully connected layers.
    pub Vgg11: 3x224x224 -> 1000 {
        conv1_1: conv(64, 3x3, pad = 1) -> relu -> max_pool(2x2);
        conv2_1: conv(128, 3x3, pad = 1) -> relu -> max_pool(2x2);
        conv3_1: conv(256, 3x3, pad = 1) -> relu;
        conv3_2: conv(256, 3x3, pad = 1) -> relu -> max_pool(2x2);
        conv4_1: conv(512, 3x3, pad = 1) -> relu;
        conv4_2: conv(512, 3x3, pad = 1) -> relu -> max_pool(2x2);
        conv5_1: conv(512, 3x3, pad = 1) -> relu;
        conv5_2: conv(512, 3x3, pad = 1) -> relu -> max_pool(2x2);
        fc6: linear(4096) -> relu -> dropout(0.5);
        fc7: linear(4096) -> relu -> dropout(0.5);
        fc8: linear(1000);
        tap logits;
        softmax;
    }

    /// VGG-11 with local response normalisation, column A-LRN: behind the first convolution, with the numbers of
    /// AlexNet. The paper found that it does not help.
    pub Vgg11Lrn: 3x224x224 -> 1000 {
        conv1_1: conv(64, 3x3, pad = 1) -> relu -> lrn -> max_pool(2x2);
        conv2_1: conv(128, 3x3, pad = 1) -> relu -> max_pool(2x2);
        conv3_1: conv(256, 3x3, pad = 1) -> relu;
        conv3_2: conv(256, 3x3, pad = 1) -> relu -> max_pool(2x2);
        conv4_1: conv(512, 3x3, pad = 1) -> relu;
        conv4_2: conv(512, 3x3, pad = 1) -> relu -> max_pool(2x2);
        conv5_1: conv(512, 3x3, pad = 1) -> relu;
        conv5_2: conv(512, 3x3, pad = 1) -> relu -> max_pool(2x2);
        fc6: linear(4096) -> relu -> dropout(0.5);
        fc7: linear(4096) -> relu -> dropout(0.5);
        fc8: linear(1000);
        tap logits;
        softmax;
    }

    /// VGG-13, column B: ten convolutions and three fully connected layers.
    pub Vgg13: 3x224x224 -> 1000 {
        conv1_1: conv(64, 3x3, pad = 1) -> relu;
        conv1_2: conv(64, 3x3, pad = 1) -> relu -> max_pool(2x2);
        conv2_1: conv(128, 3x3, pad = 1) -> relu;
        conv2_2: conv(128, 3x3, pad = 1) -> relu -> max_pool(2x2);
        conv3_1: conv(256, 3x3, pad = 1) -> relu;
        conv3_2: conv(256, 3x3, pad = 1) -> relu -> max_pool(2x2);
        conv4_1: conv(512, 3x3, pad = 1) -> relu;
        conv4_2: conv(512, 3x3, pad = 1) -> relu -> max_pool(2x2);
        conv5_1: conv(512, 3x3, pad = 1) -> relu;
        conv5_2: conv(512, 3x3, pad = 1) -> relu -> max_pool(2x2);
        fc6: linear(4096) -> relu -> dropout(0.5);
        fc7: linear(4096) -> relu -> dropout(0.5);
        fc8: linear(1000);
        tap logits;
        softmax;
    }

    /// VGG-16, column D: thirteen convolutions and three fully connected layers.
    pub Vgg16: 3x224x224 -> 1000 {
        conv1_1: conv(64, 3x3, pad = 1) -> relu;
        conv1_2: conv(64, 3x3, pad = 1) -> relu -> max_pool(2x2);
        conv2_1: conv(128, 3x3, pad = 1) -> relu;
        conv2_2: conv(128, 3x3, pad = 1) -> relu -> max_pool(2x2);
        conv3_1: conv(256, 3x3, pad = 1) -> relu;
        conv3_2: conv(256, 3x3, pad = 1) -> relu;
        conv3_3: conv(256, 3x3, pad = 1) -> relu -> max_pool(2x2);
        conv4_1: conv(512, 3x3, pad = 1) -> relu;
        conv4_2: conv(512, 3x3, pad = 1) -> relu;
        conv4_3: conv(512, 3x3, pad = 1) -> relu -> max_pool(2x2);
        conv5_1: conv(512, 3x3, pad = 1) -> relu;
        conv5_2: conv(512, 3x3, pad = 1) -> relu;
        conv5_3: conv(512, 3x3, pad = 1) -> relu -> max_pool(2x2);
        fc6: linear(4096) -> relu -> dropout(0.5);
        fc7: linear(4096) -> relu -> dropout(0.5);
        fc8: linear(1000);
        tap logits;
        softmax;
    }

    /// VGG-19, column E: sixteen convolutions and three fully connected layers.
    pub Vgg19: 3x224x224 -> 1000 {
        conv1_1: conv(64, 3x3, pad = 1) -> relu;
        conv1_2: conv(64, 3x3, pad = 1) -> relu -> max_pool(2x2);
        conv2_1: conv(128, 3x3, pad = 1) -> relu;
        conv2_2: conv(128, 3x3, pad = 1) -> relu -> max_pool(2x2);
        conv3_1: conv(256, 3x3, pad = 1) -> relu;
        conv3_2: conv(256, 3x3, pad = 1) -> relu;
        conv3_3: conv(256, 3x3, pad = 1) -> relu;
        conv3_4: conv(256, 3x3, pad = 1) -> relu -> max_pool(2x2);
        conv4_1: conv(512, 3x3, pad = 1) -> relu;
        conv4_2: conv(512, 3x3, pad = 1) -> relu;
        conv4_3: conv(512, 3x3, pad = 1) -> relu;
        conv4_4: conv(512, 3x3, pad = 1) -> relu -> max_pool(2x2);
        conv5_1: conv(512, 3x3, pad = 1) -> relu;
        conv5_2: conv(512, 3x3, pad = 1) -> relu;
        conv5_3: conv(512, 3x3, pad = 1) -> relu;
        conv5_4: conv(512, 3x3, pad = 1) -> relu -> max_pool(2x2);
        fc6: linear(4096) -> relu -> dropout(0.5);
        fc7: linear(4096) -> relu -> dropout(0.5);
        fc8: linear(1000);
        tap logits;
        softmax;
    }
}

classifier!(Vgg11, Vgg11Lrn, Vgg13, Vgg16, Vgg19: CAFFE_VGG, IMAGENET);

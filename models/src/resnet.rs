//! The residual nets: columns of table 1 of the paper. Stages are `layer1` to `layer4`, the table's conv2_x to conv5_x.
//! The first block of a stage halves the size, except in `layer1`, which a pooling precedes. If the number of channels grows,
//! the input passes through a 1x1 convolution (option B of the paper).

use cnn::network;

network! {
    /// Two convolutions, and their batch normalisations.
    block convolutions(channels, stride = 1) {
        conv1: conv(channels, 3x3, stride = stride, pad = 1, bias = false) -> bn1: batch_norm -> relu
            -> conv2: conv(channels, 3x3, pad = 1, bias = false) -> bn2: batch_norm;
    }

    /// Two convolutions, and the input added to their result.
    block basic_identity(channels) {
        add { ..convolutions(channels); skip; } -> relu: relu;
    }

    /// The first block of a stage: it halves the size, and the input passes through a separate convolution.
    block basic_conv(channels) {
        add {
            ..convolutions(channels, stride = 2);
            downsample: { conv(channels, 1x1, stride = 2, bias = false) -> batch_norm; };
        } -> relu: relu;
    }

    /// A column of table 1: the numbers of blocks in its four stages.
    block resnet(two, three, four, five) {
        conv1: conv(64, 7x7, stride = 2, pad = 3, bias = false) -> bn1: batch_norm -> relu: relu;
        maxpool: max_pool(3x3, stride = 2, pad = 1);
        layer1: [basic_identity(64); two]; // conv2_x, 64x56x56
        layer2: { basic_conv(128); [basic_identity(128); three - 1]; }; // conv3_x, 128x28x28
        layer3: { basic_conv(256); [basic_identity(256); four - 1]; }; // conv4_x, 256x14x14
        layer4: { basic_conv(512); [basic_identity(512); five - 1]; }; // conv5_x, 512x7x7
        avgpool: global_avg_pool;
        fc: linear(1000);
        tap logits;
        softmax;
    }

    /// ResNet-18 (He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR 2016): one convolution,
    /// four stages of 2, 2, 2 and 2 blocks of two convolutions, global pooling, one fully connected layer.
    ///
    #[doc = include_str!("../diagrams/resnet18.svg")]
    pub ResNet18: 3x224x224 -> 1000 { ..resnet(2, 2, 2, 2); }

    /// ResNet-34 (He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR 2016): one convolution,
    /// four stages of 3, 4, 6 and 3 blocks of two convolutions, global pooling, one fully connected layer.
    ///
    #[doc = include_str!("../diagrams/resnet34.svg")]
    pub ResNet34: 3x224x224 -> 1000 { ..resnet(3, 4, 6, 3); }
}

network! {
    /// The three convolutions of a bottleneck, and their batch normalisations. The stride is in the first 1x1.
    block bottleneck(mid, out, stride = 1) {
        conv1: conv(mid, 1x1, stride = stride, bias = false) -> bn1: batch_norm -> relu
            -> conv2: conv(mid, 3x3, pad = 1, bias = false) -> bn2: batch_norm -> relu
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

    /// A column of table 1: the numbers of bottlenecks in its four stages.
    block resnet(two, three, four, five) {
        conv1: conv(64, 7x7, stride = 2, pad = 3, bias = false) -> bn1: batch_norm -> relu: relu;
        maxpool: max_pool(3x3, stride = 2, pad = 1);
        layer1: { conv_block(64, stride = 1); [identity_block(64); two - 1]; }; // conv2_x, 256x56x56
        layer2: { conv_block(128, stride = 2); [identity_block(128); three - 1]; }; // conv3_x, 512x28x28
        layer3: { conv_block(256, stride = 2); [identity_block(256); four - 1]; }; // conv4_x, 1024x14x14
        layer4: { conv_block(512, stride = 2); [identity_block(512); five - 1]; }; // conv5_x, 2048x7x7
        avgpool: global_avg_pool;
        fc: linear(1000);
        tap logits;
        softmax;
    }

    /// ResNet-50 (He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR 2016): one convolution,
    /// four stages of 3, 4, 6 and 3 bottlenecks, global pooling, one fully connected layer.
    ///
    /// The stride of a stage is in the first convolution of its first block, as in the paper. The weights of
    /// [`torchvision::ResNet50`](crate::torchvision::ResNet50) fit too, but belong to a net that strides in the second.
    ///
    #[doc = include_str!("../diagrams/resnet50.svg")]
    pub ResNet50: 3x224x224 -> 1000 { ..resnet(3, 4, 6, 3); }

    /// [`ResNet50`] on 8 images in one pass, which reads each weight once for all of them.
    ///
    #[doc = include_str!("../diagrams/resnet50.svg")]
    #[batch(8)]
    pub ResNet50Batch8 = ResNet50;

    /// ResNet-101 (He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR 2016): one convolution,
    /// four stages of 3, 4, 23 and 3 bottlenecks, global pooling, one fully connected layer.
    ///
    /// The stride of a stage is in the first convolution of its first block, as in the paper. The weights of
    /// [`torchvision::ResNet101`](crate::torchvision::ResNet101) fit too, but belong to a net that strides in the
    /// second.
    ///
    #[doc = include_str!("../diagrams/resnet101.svg")]
    pub ResNet101: 3x224x224 -> 1000 { ..resnet(3, 4, 23, 3); }

    /// ResNet-152 (He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR 2016): one convolution,
    /// four stages of 3, 8, 36 and 3 bottlenecks, global pooling, one fully connected layer.
    ///
    /// The stride of a stage is in the first convolution of its first block, as in the paper. The weights of
    /// [`torchvision::ResNet152`](crate::torchvision::ResNet152) fit too, but belong to a net that strides in the
    /// second.
    ///
    #[doc = include_str!("../diagrams/resnet152.svg")]
    pub ResNet152: 3x224x224 -> 1000 { ..resnet(3, 8, 36, 3); }
}

classifier!(ResNet18, ResNet34: TORCHVISION, IMAGENET);
classifier!(ResNet50, ResNet101, ResNet152: CAFFE_VGG, IMAGENET);
about!(ResNet18, ResNet34, ResNet50, ResNet50Batch8, ResNet101, ResNet152: 2015, "blocks that add their input, so that depth does not hurt");

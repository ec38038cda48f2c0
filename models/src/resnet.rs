//! The residual nets (He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR 2016): a convolution,
//! four stages of blocks, global pooling, one fully connected layer. A stage is `layer1` to `layer4`, conv2_x to conv5_x in
//! the paper's table 1; its first block halves the size, but for that of `layer1`, before which a pooling does it.
//!
//! Where the number of channels grows, the input passes a 1x1 convolution (option B of the paper).

use cnn::network;

network! {
    /// Two convolutions, and the input added to their result.
    block basic_identity(channels) {
        add {
            conv1: conv(channels, 3x3, pad = 1, bias = false) -> bn1: batch_norm -> relu
                -> conv2: conv(channels, 3x3, pad = 1, bias = false) -> bn2: batch_norm;
            skip;
        } -> relu: relu;
    }

    /// The first block of a stage: it halves the size, and the input passes a convolution of its own.
    block basic_conv(channels) {
        add {
            conv1: conv(channels, 3x3, stride = 2, pad = 1, bias = false) -> bn1: batch_norm -> relu
                -> conv2: conv(channels, 3x3, pad = 1, bias = false) -> bn2: batch_norm;
            downsample: { conv(channels, 1x1, stride = 2, bias = false) -> batch_norm; };
        } -> relu: relu;
    }

    /// ResNet-18: stages of 2, 2, 2 and 2 blocks of two convolutions.
    pub ResNet18: 3x224x224 -> 1000 {
        conv1: conv(64, 7x7, stride = 2, pad = 3, bias = false) -> bn1: batch_norm -> relu: relu;
        maxpool: max_pool(3x3, stride = 2, pad = 1);
        layer1: [basic_identity(64); 2];
        layer2: { basic_conv(128); basic_identity(128); };
        layer3: { basic_conv(256); basic_identity(256); };
        layer4: { basic_conv(512); basic_identity(512); };
        avgpool: global_avg_pool;
        fc: linear(1000);
        tap logits;
        softmax;
    }

    /// ResNet-34: stages of 3, 4, 6 and 3 blocks of two convolutions.
    pub ResNet34: 3x224x224 -> 1000 {
        conv1: conv(64, 7x7, stride = 2, pad = 3, bias = false) -> bn1: batch_norm -> relu: relu;
        maxpool: max_pool(3x3, stride = 2, pad = 1);
        layer1: [basic_identity(64); 3];
        layer2: { basic_conv(128); [basic_identity(128); 3]; };
        layer3: { basic_conv(256); [basic_identity(256); 5]; };
        layer4: { basic_conv(512); [basic_identity(512); 2]; };
        avgpool: global_avg_pool;
        fc: linear(1000);
        tap logits;
        softmax;
    }
}

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

    /// The convolution block, the first of a stage: the input passes a convolution of its own.
    block conv_block(mid, stride, out = 4 * mid) {
        add {
            conv1: conv(mid, 1x1, stride = stride, bias = false) -> bn1: batch_norm -> relu
                -> conv2: conv(mid, 3x3, pad = 1, bias = false) -> bn2: batch_norm -> relu
                -> conv3: conv(out, 1x1, bias = false) -> bn3: batch_norm;
            downsample: { conv(out, 1x1, stride = stride, bias = false) -> batch_norm; };
        } -> relu: relu;
    }

    /// ResNet-50: stages of 3, 4, 6 and 3 bottlenecks. They stride in their first convolution, where torchvision strides in
    /// the second: the same weights fit [`torchvision::ResNet50`](crate::torchvision::ResNet50), and give other answers.
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

    /// ResNet-101: stages of 3, 4, 23 and 3 bottlenecks.
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

    /// ResNet-152: stages of 3, 8, 36 and 3 bottlenecks.
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

classifier!(ResNet18, ResNet34: TORCHVISION, IMAGENET);
classifier!(ResNet50, ResNet101, ResNet152: CAFFE_VGG, IMAGENET);

//! The nets that `training.py` has in PyTorch.

cnn::network! {
    #[train(batch = 64)]
    pub LeNet5: 1x32x32 -> 10 {
        conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2);
        conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
        fc1: linear(120) -> tanh -> fc2: linear(84) -> tanh -> fc3: linear(10);
    }
}

cnn::network! {
    block pair(channels, stride) {
        conv1: conv(channels, 3x3, stride = stride, pad = 1, bias = false) -> bn1: batch_norm -> relu;
        conv2: conv(channels, 3x3, pad = 1, bias = false) -> bn2: batch_norm;
    }

    block basic(channels) {
        add { ..pair(channels, 1); skip; } -> relu;
    }

    block down(channels, stride) {
        add {
            ..pair(channels, stride);
            downsample: { conv(channels, 1x1, stride = stride, bias = false) -> batch_norm; };
        } -> relu;
    }

    /// ResNet-20 for images of 32 x 32 (He et al. 2016, section 4.2), with convolutions where the size changes.
    #[train(batch = 64)]
    pub ResNet20: 3x32x32 -> 10 {
        conv1: conv(16, 3x3, pad = 1, bias = false) -> bn1: batch_norm -> relu;
        layer1: { [basic(16); 3]; };
        layer2: { down(32, 2); [basic(32); 2]; };
        layer3: { down(64, 2); [basic(64); 2]; };
        global_avg_pool -> fc: linear(10);
    }

    #[train(batch = 8)]
    pub ResNet18: 3x224x224 -> 1000 {
        conv1: conv(64, 7x7, stride = 2, pad = 3, bias = false) -> bn1: batch_norm -> relu -> max_pool(3x3, stride = 2, pad = 1);
        layer1: { [basic(64); 2]; };
        layer2: { down(128, 2); basic(128); };
        layer3: { down(256, 2); basic(256); };
        layer4: { down(512, 2); basic(512); };
        global_avg_pool -> fc: linear(1000);
    }

    block neck(mid, stride) {
        conv1: conv(mid, 1x1, bias = false) -> bn1: batch_norm -> relu;
        conv2: conv(mid, 3x3, stride = stride, pad = 1, bias = false) -> bn2: batch_norm -> relu;
        conv3: conv(4 * mid, 1x1, bias = false) -> bn3: batch_norm;
    }

    block bottleneck(mid) {
        add { ..neck(mid, 1); skip; } -> relu;
    }

    block wider(mid, stride) {
        add {
            ..neck(mid, stride);
            downsample: { conv(4 * mid, 1x1, stride = stride, bias = false) -> batch_norm; };
        } -> relu;
    }

    /// ResNet-50, of which the head is trained.
    #[train(batch = 8, only("fc"))]
    pub Head: 3x224x224 -> 1000 {
        conv1: conv(64, 7x7, stride = 2, pad = 3, bias = false) -> bn1: batch_norm -> relu -> max_pool(3x3, stride = 2, pad = 1);
        layer1: { wider(64, 1); [bottleneck(64); 2]; };
        layer2: { wider(128, 2); [bottleneck(128); 3]; };
        layer3: { wider(256, 2); [bottleneck(256); 5]; };
        layer4: { wider(512, 2); [bottleneck(512); 2]; };
        global_avg_pool -> fc: linear(1000);
    }
}

cnn::network! {
    block basic(filters, size = 1, stride = 1, pad = 0) {
        conv: conv(filters, size, stride = stride, pad = pad, bias = false) -> bn: batch_norm(eps = 1e-3) -> relu;
    }

    block inception(ones, reduce3, threes, reduce5, fives, pooled) {
        concat {
            branch1: basic(ones);
            branch2: { basic(reduce3) -> basic(threes, size = 3, pad = 1); };
            branch3: { basic(reduce5) -> basic(fives, size = 3, pad = 1); };
            branch4: { max_pool(3x3, stride = 1, pad = 1, ceil = true) -> basic(pooled); };
        };
    }

    /// torchvision's GoogLeNet, with its auxiliary classifiers.
    #[train(batch = 4)]
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
    }
}

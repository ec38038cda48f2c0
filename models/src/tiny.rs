//! The nets of MLPerf Tiny (Banbury et al., "MLPerf Tiny benchmark", NeurIPS 2021 Datasets and Benchmarks), as its reference
//! implementations define them: what is usual on a microcontroller.
//!
//! Those are written for Keras. Its padding is `same`, its batch normalisations have an `eps` of 1e-3, and all convolutions have a
//! bias.

use cnn::network;

network! {
    /// A convolution and its batch normalisation.
    block conv_norm(filters, size = 3x3, stride = 1, groups = 1) {
        conv: conv(filters, size, stride = stride, pad = same, groups = groups) -> bn: batch_norm(eps = 1e-3);
    }

    /// Two convolutions, and the input added to their result.
    block basic_identity(filters) {
        add { conv1: conv_norm(filters) -> relu -> conv2: conv_norm(filters); skip; } -> relu: relu;
    }

    /// The same with half the size, where the input passes through a separate convolution.
    block basic_conv(filters) {
        add {
            conv1: conv_norm(filters, stride = 2) -> relu -> conv2: conv_norm(filters);
            downsample: conv(filters, 1x1, stride = 2);
        } -> relu: relu;
    }

    /// ResNet-8 for CIFAR-10, the image classification of MLPerf Tiny (Banbury et al., 2021): a residual net (He, Zhang, Ren &
    /// Sun, 2015) with three blocks, of 16 to 64 channels.
    ///
    #[doc = include_str!("../diagrams/tiny-resnet8.svg")]
    pub ResNet8: 3x32x32 -> 10 {
        stem: conv_norm(16) -> relu;
        stage1: basic_identity(16); // 16x32x32
        stage2: basic_conv(32); // 32x16x16
        stage3: basic_conv(64); // 64x8x8
        avg_pool(8x8);
        fc: linear(10);
        tap logits;
        softmax;
    }

    /// One 3x3 filter per channel, then a convolution of 1x1.
    block separable(inputs, filters, stride = 1) {
        depthwise: conv_norm(inputs, stride = stride, groups = inputs) -> relu;
        pointwise: conv_norm(filters, size = 1x1) -> relu;
    }

    /// DS-CNN (Zhang, Suda, Lai & Chandra, "Hello edge: keyword spotting on microcontrollers", 2017), the keyword spotting of MLPerf
    /// Tiny (Banbury et al., 2021). It reads a second of sound, 49 frames of 10 coefficients (MFCC), and knows ten words, silence
    /// and anything else.
    ///
    /// The last of the 25 rows of its maps is not in the mean: 49 / 2 is 24 there.
    ///
    #[doc = include_str!("../diagrams/tiny-ds-cnn.svg")]
    pub DsCnn: 1x49x10 -> 12 {
        stem: conv_norm(64, size = 10x4, stride = 2) -> relu -> dropout(0.2); // 64x25x5
        layers: [separable(64, 64); 4];
        dropout(0.4) -> avg_pool(24x5);
        fc: linear(12);
        tap logits;
        softmax;
    }

    /// MobileNet-v1 0.25 (Howard et al., "MobileNets: efficient convolutional neural networks for mobile vision applications",
    /// 2017), the visual wake words of MLPerf Tiny (Banbury et al., 2021): whether there is a person in the picture. It has a
    /// quarter of the paper's channels.
    ///
    #[doc = include_str!("../diagrams/tiny-mobilenet-v1.svg")]
    pub MobileNetV1: 3x96x96 -> 2 {
        stem: conv_norm(8, stride = 2) -> relu; // 8x48x48
        layers: {
            separable(8, 16); // 16x48x48
            separable(16, 32, stride = 2) -> separable(32, 32); // 32x24x24
            separable(32, 64, stride = 2) -> separable(64, 64); // 64x12x12
            separable(64, 128, stride = 2) -> [separable(128, 128); 5]; // 128x6x6
            separable(128, 256, stride = 2) -> separable(256, 256); // 256x3x3
        };
        avg_pool(3x3);
        fc: linear(2);
        tap logits;
        softmax;
    }

    /// A fully connected layer, its batch normalisation, and ReLU.
    block dense(features) {
        fc: linear(features) -> bn: batch_norm(eps = 1e-3) -> relu;
    }

    /// The deep autoencoder (Koizumi et al., "Description and discussion on DCASE2020 challenge task 2: unsupervised anomalous sound
    /// detection for machine condition monitoring", 2020), the anomaly detection of MLPerf Tiny (Banbury et al., 2021). It reads
    /// 5 frames of 128 frequencies and restores them from 8 numbers, which it learnt from machines that work well: the larger the
    /// error, the more unusual the sound.
    ///
    #[doc = include_str!("../diagrams/tiny-autoencoder.svg")]
    pub Autoencoder: 640 -> 640 {
        encoder: [dense(128); 4];
        code: dense(8);
        decoder: [dense(128); 4];
        fc: linear(640);
    }
}

classifier!(ResNet8: CIFAR10, CIFAR10);
classifier!(MobileNetV1: VISUAL_WAKE_WORDS, VISUAL_WAKE_WORDS);
about!(ResNet8: 2021, "a residual net for microcontrollers");
about!(DsCnn: 2017, "sound as a picture of frames and frequencies");
about!(MobileNetV1: 2017, "a filter for each channel, then windows of 1x1: an eighth of the products");
about!(Autoencoder: 2020, "a net that restores what is usual, and nothing else");

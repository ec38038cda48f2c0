//! torchvision's DenseNets.

use cnn::network;

network! {
    /// A dense layer: its output is appended to its input as further channels.
    block dense_layer(growth) {
        concat {
            skip;
            norm1: batch_norm -> relu1: relu -> conv1: conv(4 * growth, 1x1, bias = false)
                -> norm2: batch_norm -> relu2: relu -> conv2: conv(growth, 3x3, pad = 1, bias = false);
        };
    }

    /// Between dense blocks: half the channels, half the size.
    block transition(filters) {
        norm: batch_norm -> relu: relu -> conv: conv(filters, 1x1, bias = false) -> pool: avg_pool(2x2);
    }

    /// Columns of table 1 of the paper, which differ in the last two dense blocks: the numbers of layers in these.
    block densenet(three, four) {
        features: {
            conv0: conv(64, 7x7, stride = 2, pad = 3, bias = false) -> norm0: batch_norm -> relu0: relu;
            pool0: max_pool(3x3, stride = 2, pad = 1);
            denseblock1: [denselayer1..: dense_layer(32); 6]; // 256x56x56
            transition1: transition(128);
            denseblock2: [denselayer1..: dense_layer(32); 12]; // 512x28x28
            transition2: transition(256);
            denseblock3: [denselayer1..: dense_layer(32); three]; // 14x14
            transition3: transition((256 + 32 * three) / 2);
            denseblock4: [denselayer1..: dense_layer(32); four]; // 7x7
            norm5: batch_norm;
        };
        relu -> global_avg_pool;
        classifier: linear(1000);
        tap logits;
        softmax;
    }

    /// DenseNet-121 (Huang, Liu, van der Maaten & Weinberger, "Densely connected convolutional networks", CVPR 2017):
    /// dense blocks of 6, 12, 24 and 16 layers, each of which reads the outputs of all layers before it in its block.
    ///
    #[doc = include_str!("../../diagrams/torchvision-densenet121.svg")]
    pub DenseNet121: 3x224x224 -> 1000 { ..densenet(24, 16); }

    /// DenseNet-169 (Huang, Liu, van der Maaten & Weinberger, "Densely connected convolutional networks", CVPR 2017):
    /// dense blocks of 6, 12, 32 and 32 layers, each of which reads the outputs of all layers before it in its block.
    ///
    #[doc = include_str!("../../diagrams/torchvision-densenet169.svg")]
    pub DenseNet169: 3x224x224 -> 1000 { ..densenet(32, 32); }
}

classifier!(DenseNet121, DenseNet169: TORCHVISION, IMAGENET);
about!(DenseNet121, DenseNet169: 2017, "layers that read all that those before them have found");

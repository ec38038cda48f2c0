//! torchvision's ShuffleNet-v2.

use cnn::network;

network! {
    /// Two 1x1 convolutions, and between them one filter per channel.
    block branch(filters, stride = 1) {
        conv(filters, 1x1, bias = false) -> batch_norm -> relu;
        conv(filters, 3x3, stride = stride, pad = 1, groups = filters, bias = false) -> batch_norm;
        conv(filters, 1x1, bias = false) -> batch_norm -> relu;
    }

    /// The unit of figure 3c: half of the channels pass as they are, and the shuffle mixes the halves.
    block unit(half) {
        concat {
            channels(0..half);
            channels(half..2 * half) -> branch2: branch(half);
        } -> channel_shuffle(2);
    }

    /// The unit of figure 3d, first of a stage: both branches read all channels and halve the size.
    block down(inputs, half) {
        concat {
            branch1: {
                conv(inputs, 3x3, stride = 2, pad = 1, groups = inputs, bias = false) -> batch_norm;
                conv(half, 1x1, bias = false) -> batch_norm -> relu;
            };
            branch2: branch(half, stride = 2);
        } -> channel_shuffle(2);
    }

    /// ShuffleNet-v2 x1.0 (Ma, Zhang, Zheng & Sun, "ShuffleNet V2: practical guidelines for efficient CNN architecture design",
    /// ECCV 2018): column 1x of its table 5.
    ///
    #[doc = include_str!("../../diagrams/torchvision-shufflenet_v2_x1_0.svg")]
    pub ShuffleNetV2: 3x224x224 -> 1000 {
        conv1: { conv(24, 3x3, stride = 2, pad = 1, bias = false) -> batch_norm -> relu; };
        maxpool: max_pool(3x3, stride = 2, pad = 1);
        stage2: { down(24, 58); [unit(58); 3]; }; // 116x28x28
        stage3: { down(116, 116); [unit(116); 7]; }; // 232x14x14
        stage4: { down(232, 232); [unit(232); 3]; }; // 464x7x7
        conv5: { conv(1024, 1x1, bias = false) -> batch_norm -> relu; };
        global_avg_pool;
        fc: linear(1000);
        tap logits;
        softmax;
    }
}

classifier!(ShuffleNetV2: TORCHVISION, IMAGENET);
about!(ShuffleNetV2: 2018, "halves of the channels that are split, processed and shuffled; counts memory, not only products");

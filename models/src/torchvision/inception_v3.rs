//! torchvision's Inception-v3.

use cnn::network;

network! {
    /// A convolution without a bias, its batch normalisation, and ReLU.
    block basic(filters, size = 1x1, stride = 1, pad = 0) {
        conv: conv(filters, size, stride = stride, pad = pad, bias = false) -> bn: batch_norm(eps = 1e-3) -> relu;
    }

    /// Figure 5: two windows of 3x3 instead of one of 5x5.
    block inception_a(pooled) {
        concat {
            branch1x1: basic(64);
            branch5x5_1: basic(48) -> branch5x5_2: basic(64, size = 5x5, pad = 2);
            branch3x3dbl_1: basic(64) -> branch3x3dbl_2: basic(96, size = 3x3, pad = 1)
                -> branch3x3dbl_3: basic(96, size = 3x3, pad = 1);
            avg_pool(3x3, stride = 1, pad = 1) -> branch_pool: basic(pooled);
        };
    }

    /// Figure 10: half the size.
    block inception_b() {
        concat {
            branch3x3: basic(384, size = 3x3, stride = 2);
            branch3x3dbl_1: basic(64) -> branch3x3dbl_2: basic(96, size = 3x3, pad = 1)
                -> branch3x3dbl_3: basic(96, size = 3x3, stride = 2);
            max_pool(3x3, stride = 2);
        };
    }

    /// Figure 6: windows of 1x7 and 7x1 instead of 7x7.
    block inception_c(mid) {
        concat {
            branch1x1: basic(192);
            branch7x7_1: basic(mid) -> branch7x7_2: basic(mid, size = 1x7, pad = (0, 3))
                -> branch7x7_3: basic(192, size = 7x1, pad = 3x0);
            branch7x7dbl_1: basic(mid) -> branch7x7dbl_2: basic(mid, size = 7x1, pad = 3x0)
                -> branch7x7dbl_3: basic(mid, size = 1x7, pad = (0, 3)) -> branch7x7dbl_4: basic(mid, size = 7x1, pad = 3x0)
                -> branch7x7dbl_5: basic(192, size = 1x7, pad = (0, 3));
            avg_pool(3x3, stride = 1, pad = 1) -> branch_pool: basic(192);
        };
    }

    /// Half the size once more.
    block inception_d() {
        concat {
            branch3x3_1: basic(192) -> branch3x3_2: basic(320, size = 3x3, stride = 2);
            branch7x7x3_1: basic(192) -> branch7x7x3_2: basic(192, size = 1x7, pad = (0, 3))
                -> branch7x7x3_3: basic(192, size = 7x1, pad = 3x0) -> branch7x7x3_4: basic(192, size = 3x3, stride = 2);
            max_pool(3x3, stride = 2);
        };
    }

    /// Figure 7: 1x3 and 3x1 side by side, as wide as maps of 8x8 allow.
    block inception_e() {
        concat {
            branch1x1: basic(320);
            branch3x3_1: basic(384) -> concat {
                branch3x3_2a: basic(384, size = 1x3, pad = (0, 1));
                branch3x3_2b: basic(384, size = 3x1, pad = 1x0);
            };
            branch3x3dbl_1: basic(448) -> branch3x3dbl_2: basic(384, size = 3x3, pad = 1) -> concat {
                branch3x3dbl_3a: basic(384, size = 1x3, pad = (0, 1));
                branch3x3dbl_3b: basic(384, size = 3x1, pad = 1x0);
            };
            avg_pool(3x3, stride = 1, pad = 1) -> branch_pool: basic(192);
        };
    }

    /// Inception-v3 (Szegedy, Vanhoucke, Ioffe, Shlens & Wojna, "Rethinking the Inception architecture for computer vision", CVPR
    /// 2016): [Inception-v1](crate::InceptionV1) with large windows taken apart, for images of 299x299.
    ///
    /// The published weights read images whose channels are `(x - 0.5) / 0.5`: for them torchvision enables
    /// `transform_input`, which undoes the usual normalisation before the first layer.
    ///
    #[doc = include_str!("../../diagrams/torchvision-inception_v3.svg")]
    pub InceptionV3: 3x299x299 -> 1000 {
        Conv2d_1a_3x3: basic(32, size = 3x3, stride = 2);
        Conv2d_2a_3x3: basic(32, size = 3x3);
        Conv2d_2b_3x3: basic(64, size = 3x3, pad = 1) -> maxpool1: max_pool(3x3, stride = 2);
        Conv2d_3b_1x1: basic(80);
        Conv2d_4a_3x3: basic(192, size = 3x3) -> maxpool2: max_pool(3x3, stride = 2);

        // 288x35x35
        Mixed_5b: inception_a(32);
        Mixed_5c: inception_a(64);
        Mixed_5d: inception_a(64);

        // 768x17x17
        Mixed_6a: inception_b;
        Mixed_6b: inception_c(128);
        Mixed_6c: inception_c(160);
        Mixed_6d: inception_c(160);
        Mixed_6e: inception_c(192);
        aux AuxLogits(weight = 0.4) {
            avg_pool(5x5, stride = 3) -> conv0: basic(128) -> conv1: basic(768, size = 5x5);
            global_avg_pool -> fc: linear(1000);
        };

        // 2048x8x8
        Mixed_7a: inception_d;
        Mixed_7b: inception_e;
        Mixed_7c: inception_e;
        avgpool: global_avg_pool -> dropout: dropout(0.5);

        fc: linear(1000);
        tap logits;
        softmax;
    }
}

classifier!(InceptionV3: TORCHVISION_INCEPTION_V3, IMAGENET);
about!(InceptionV3: 2015, "large windows taken apart into small and flat ones");

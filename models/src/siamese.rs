//! The Siamese net.

use cnn::network;

network! {
    /// The Siamese net for handwritten characters (Koch, Zemel & Salakhutdinov, "Siamese neural networks for one-shot image
    /// recognition", ICML Deep Learning Workshop 2015): the probability that two pictures show the same character, of whatever
    /// alphabet. The same layers, with the same weights, turn each picture into features. The distance of these, feature by feature,
    /// decides.
    ///
    #[doc = include_str!("../diagrams/siamese.svg")]
    pub Siamese: { left: 1x105x105, right: 1x105x105 } -> 1 {
        from left;
        twin: {
            conv1: conv(64, 10x10) -> relu -> max_pool(2x2); // 64x48x48
            conv2: conv(128, 7x7) -> relu -> max_pool(2x2); // 128x21x21
            conv3: conv(128, 4x4) -> relu -> max_pool(2x2); // 128x9x9
            conv4: conv(256, 4x4) -> relu; // 256x6x6
            fc: linear(4096) -> sigmoid;
        };
        keep features;
        sub { from features; from right -> again twin; };
        max { skip; scale(-1.0); }; // the absolute value
        decision: linear(1);
        tap logits;
        sigmoid;
    }
}

about!(Siamese: 2015, "two pictures are compared by features of the same layers, so classes need not be known");

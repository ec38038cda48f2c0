//! ESPCN.

use cnn::network;

network! {
    /// ESPCN (Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel convolutional neural
    /// network", CVPR 2016): triples the resolution of an image. All convolutions work on the small image, and the last one gives 9
    /// maps, whose pixels are the 3x3 pixels that each of its own becomes (`pixel_shuffle`).
    ///
    /// It reads and writes brightness (Y of YCbCr, from 0 to 1); colours are enlarged otherwise. 85x85 is a third of 255x255.
    ///
    #[doc = include_str!("../diagrams/espcn.svg")]
    pub Espcn: 1x85x85 -> 1x255x255 {
        conv1: conv(64, 5x5, pad = 2) -> tanh;
        conv2: conv(32, 3x3, pad = 1) -> tanh;
        conv3: conv(9, 3x3, pad = 1);
        pixel_shuffle(3);
    }
}

about!(Espcn: 2016, "pixels of the large image that are channels of the small one until the end");

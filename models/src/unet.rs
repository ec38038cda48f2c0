//! U-Net.

use cnn::network;

network! {
    const WIDTH = 32; // 64 in the paper

    /// Two convolutions of 3x3, each with batch normalisation.
    block double(filters) {
        double_conv: {
            conv(filters, 3x3, pad = 1, bias = false) -> batch_norm -> relu;
            conv(filters, 3x3, pad = 1, bias = false) -> batch_norm -> relu;
        };
    }

    /// A level down: half the size.
    block down(filters) {
        maxpool_conv: { max_pool(2x2) -> double(filters); };
    }

    /// A level up: twice the size, and beside it the maps that were kept on the way down.
    block up(filters, level) {
        concat { from level; up: conv_transpose(filters, 2x2, stride = 2); } -> conv: double(filters);
    }

    /// U-Net (Ronneberger, Fischer & Brox, "U-Net: convolutional networks for biomedical image segmentation", MICCAI 2015), which
    /// finds a mask: for each pixel, the probability that it belongs to what was looked for.
    ///
    /// As most implementations since, it pads its convolutions, so that the mask is as large as the image, and normalises. It has
    /// half of the paper's channels. Where the paper has two maps and softmax over both, it has one and a sigmoid, which says the
    /// same. Names are those of a usual implementation in PyTorch, `milesial/Pytorch-UNet` on GitHub.
    ///
    #[doc = include_str!("../diagrams/unet.svg")]
    pub UNet: 3x256x256 -> 1x256x256 {
        inc: double(WIDTH);
        keep level1;
        down1: down(2 * WIDTH);
        keep level2;
        down2: down(4 * WIDTH);
        keep level3;
        down3: down(8 * WIDTH);
        keep level4;
        down4: down(16 * WIDTH);
        up1: up(8 * WIDTH, level4);
        up2: up(4 * WIDTH, level3);
        up3: up(2 * WIDTH, level2);
        up4: up(WIDTH, level1);
        outc: { conv: conv(1, 1x1); };
        tap logits;
        sigmoid;
    }
}

about!(UNet: 2015, "a way back to full size, on which the maps of the way down are read again");

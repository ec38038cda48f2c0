//! YOLOv5.

use cnn::network;

use crate::preprocess::Size;
use crate::{Detector, Preprocess};

network! {
    /// A convolution without a bias, its batch normalisation, and SiLU.
    block cbs(filters, size = 1, stride = 1, pad = size / 2) {
        conv: conv(filters, size, stride = stride, pad = pad, bias = false) -> bn: batch_norm(eps = 1e-3) -> act: silu;
    }

    /// Two convolutions. On the way down, their input is added to the result.
    block plain(filters) { cv1: cbs(filters) -> cv2: cbs(filters, size = 3); }
    block residual(filters) { add { skip; ..plain(filters); }; }

    /// A cross stage partial block: half of the channels pass some of these, the other half does not.
    block c3(filters, count, part) {
        concat { cv1: cbs(filters / 2) -> m: [part; count]; cv2: cbs(filters / 2); } -> cv3: cbs(filters);
    }

    /// Spatial pyramid pooling: maxima over windows of 5, 9 and 13 pixels, each by a pooling of the one before.
    block sppf(filters) {
        cv1: cbs(filters / 2);
        keep once;
        max_pool(5x5, stride = 1, pad = 2);
        keep twice;
        max_pool(5x5, stride = 1, pad = 2);
        keep thrice;
        concat { from once; from twice; from thrice; max_pool(5x5, stride = 1, pad = 2); } -> cv2: cbs(filters);
    }

    /// YOLOv5n (Jocher, "YOLOv5 by Ultralytics", 2020; Redmon, Divvala, Girshick & Farhadi, "You only look once: unified, real-time
    /// object detection", CVPR 2016), which finds objects of 80 kinds: for three boxes around each pixel of three maps, how the box
    /// differs from its anchor, whether an object is in it, and of which kind. Its channels are boxes times (4 + 1 + 80).
    ///
    /// The way down gives maps of three sizes. The way up adds what is seen in large parts of the image to what is seen in small
    /// ones (Lin et al., "Feature pyramid networks for object detection", CVPR 2017), and another way down does the opposite (Liu et
    /// al., "Path aggregation network for instance segmentation", CVPR 2018). Boxes are decoded and chosen outside of the net.
    ///
    /// Names are those of Ultralytics' state dict, whose `model.24.anchors` is no tensor of a layer.
    ///
    #[doc = include_str!("../diagrams/yolov5n.svg")]
    pub YoloV5n: 3x320x320 -> { fine: 255x40x40, middle: 255x20x20, coarse: 255x10x10 } {
        model: {
            cbs(16, size = 6, stride = 2, pad = 2);
            cbs(32, size = 3, stride = 2) -> c3(32, 1, residual(16)); // 32x80x80
            cbs(64, size = 3, stride = 2) -> c3(64, 2, residual(32)); // 64x40x40
            keep down3;
            cbs(128, size = 3, stride = 2) -> c3(128, 3, residual(64)); // 128x20x20
            keep down4;
            cbs(256, size = 3, stride = 2) -> c3(256, 1, residual(128)) -> sppf(256); // 256x10x10
            cbs(128);
            keep up5;
            upsample(2) -> concat { skip; from down4; } -> c3(128, 1, plain(64));
            cbs(64);
            keep up4;
            upsample(2) -> concat { skip; from down3; } -> c3(64, 1, plain(32));
            keep level3;
            cbs(64, size = 3, stride = 2) -> concat { skip; from up4; } -> c3(128, 1, plain(64));
            keep level4;
            cbs(128, size = 3, stride = 2) -> concat { skip; from up5; } -> c3(256, 1, plain(128));
            keep level5;
            {
                m: {
                    from level3 -> conv(255, 1x1);
                    output fine;
                    from level4 -> conv(255, 1x1);
                    output middle;
                    from level5 -> conv(255, 1x1);
                    output coarse;
                };
            };
        };
    }
}

about!(YoloV5n: 2020, "one net that finds all objects of an image, in a file small enough for a phone");

/// As Ultralytics' `detect.py` reads pictures, but always in the whole input: `letterbox(im, 320, auto=False)`.
impl Detector for YoloV5n<'_> {
    const PREPROCESS: Preprocess = Preprocess::yolov5(Size::square(320));
}

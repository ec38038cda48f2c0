//! How pictures become inputs of nets.
//!
//! A net works only on pictures that were prepared as those it was trained on. The descriptions here are those of the
//! weights that people hold; a net's own is declared beside the net, as [`Classifier::PREPROCESS`](crate::Classifier).
//! Applying one needs the feature `image`.

#[cfg(feature = "image")]
mod apply;
#[cfg(feature = "image")]
mod ink;

use cnn::op::Shape;

/// How a picture becomes a net's input: resized, then cropped, then turned into numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preprocess {
    /// To which size the whole picture is brought, by bilinear interpolation with antialiasing.
    pub resize: Resize,
    /// Side of the square that is then cut out of the middle, and is the input's. A resized picture that is smaller gets
    /// a black border.
    pub crop: u32,
    /// The number that a byte of 255 becomes: 1, or 255 where bytes are taken as they are.
    pub white: f32,
    /// Which channels the input has, and how their numbers are normalised.
    pub channels: Channels,
}

/// To which size a picture is brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resize {
    /// The shorter side to this, the longer one in proportion.
    ShortSide(u32),
    /// Both sides to this; the picture is distorted if it is not square.
    Square(u32),
}

/// The channels of an input, in their order. A number `x` becomes `(x - mean) / std`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Channels {
    /// Brightness alone: 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601), in whole levels.
    Grey {
        /// What is subtracted.
        mean: f32,
        /// By what is then divided.
        std: f32,
    },
    /// Ink on paper, 1 and 0, for nets of handwritten digits: a digit in any colours becomes white on black.
    ///
    /// The paper is what the border shows. Whatever differs from it, darker or lighter, more than half as much as the
    /// strongest stroke, is the digit. As MNIST's makers did it, its longest side becomes 20/28 of the square that the
    /// picture is resized to, and its centre of mass comes to the middle. A picture of the square's own size keeps size and place,
    /// and one that shows nothing but paper is taken as it is, by its brightness.
    ///
    /// Paper in uneven light, and ruled lines as dark as the ink, are beyond this.
    Ink,
    /// Red, green, blue.
    Rgb {
        /// What is subtracted, in the order of the channels.
        mean: [f32; 3],
        /// By what is then divided.
        std: [f32; 3],
    },
    /// Blue, green, red.
    Bgr {
        /// What is subtracted, in the order of the channels.
        mean: [f32; 3],
        /// By what is then divided.
        std: [f32; 3],
    },
}

impl Preprocess {
    /// torchvision's weights `IMAGENET1K_V1`, and what is usual for nets that were trained on ImageNet with PyTorch:
    /// `torchvision.transforms._presets.ImageClassification(crop_size=224)`.
    pub const TORCHVISION: Self = Self {
        resize: Resize::ShortSide(256),
        crop: 224,
        white: 1.0,
        channels: Channels::Rgb { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    };

    /// torchvision's weights `IMAGENET1K_V2`, of ResNets and MobileNets: `ImageClassification(crop_size=224,
    /// resize_size=232)`.
    pub const TORCHVISION_V2: Self = Self { resize: Resize::ShortSide(232), ..Self::TORCHVISION };

    /// torchvision's weights of GoogLeNet, which came from TensorFlow. Its preprocessing is [`Self::TORCHVISION`]; then,
    /// with these weights, `GoogLeNet._transform_input` computes `x * (std / 0.5) + (mean - 0.5) / 0.5` for each
    /// channel. Both together are a mean and a standard deviation of 0.5.
    pub const TORCHVISION_GOOGLENET: Self =
        Self { channels: Channels::Rgb { mean: [0.5; 3], std: [0.5; 3] }, ..Self::TORCHVISION };

    /// The Caffe weights of AlexNet, CaffeNet and GoogLeNet (`bvlc_alexnet`, `bvlc_reference_caffenet`,
    /// `bvlc_googlenet`). They were trained on pictures of 256x256, distorted to that. The means are those of GoogLeNet's
    /// `train_val.prototxt`. AlexNet and CaffeNet subtract a mean of each place instead, `imagenet_mean.binaryproto`;
    /// averaged over all places it is (104.007, 116.669, 122.679).
    pub const CAFFE: Self = Self {
        resize: Resize::Square(256),
        crop: 224,
        white: 255.0,
        channels: Channels::Bgr { mean: [104.0, 117.0, 123.0], std: [1.0; 3] },
    };

    /// The Caffe weights of VGG's authors. The means are those of the `readme.md` of `VGG_ILSVRC_16_layers`; the shorter
    /// side is the smallest of those that the paper tests at. The Caffe weights of ResNet's authors are commonly used with
    /// the same.
    pub const CAFFE_VGG: Self = Self {
        resize: Resize::ShortSide(256),
        channels: Channels::Bgr { mean: [103.939, 116.779, 123.68], std: [1.0; 3] },
        ..Self::CAFFE
    };

    /// Digits of MNIST: 28x28, white on black. Those of other pictures are brought to that ([`Channels::Ink`]).
    pub const MNIST: Self = Self { resize: Resize::Square(28), crop: 28, white: 1.0, channels: Channels::Ink };

    /// The same in the middle of LeNet-5's 32x32.
    pub const LENET5: Self = Self { crop: 32, ..Self::MNIST };

    /// The shape of the inputs that it makes.
    pub const fn shape(&self) -> Shape {
        let channels = match self.channels {
            Channels::Grey { .. } | Channels::Ink => 1,
            Channels::Rgb { .. } | Channels::Bgr { .. } => 3,
        };
        Shape::map(channels, self.crop as usize, self.crop as usize)
    }
}

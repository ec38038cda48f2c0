//! Preprocessing of pictures, described by constants.

use cnn_net::op::{Shape, Size};

/// How a picture becomes a net's input: resized, then cropped, then turned into numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preprocess {
    /// The size that the whole picture is resized to.
    pub resize: Resize,
    /// How pixels are interpolated.
    pub filter: Filter,
    /// The height and the width of the input, which is then cropped from the middle. A smaller picture gets a border: black, or
    /// the colour that [`Resize::Letterbox`] gives. At most 32 bits each.
    pub crop: Size,
    /// The value of a byte of 255: 1, or 255 if bytes are not scaled.
    pub white: f32,
    /// The channels of the input, and the normalisation of their numbers.
    pub channels: Channels,
}

/// How a picture is resized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resize {
    /// The shorter side to this length, the longer one in proportion, rounded down, as in torchvision's `Resize`.
    ShortSide(u32),
    /// To exactly this height and width, which distorts pictures of other proportions.
    Exactly(Size),
    /// In proportion, to the smallest size that covers the input ([`Preprocess::crop`]); the excess is cropped. As in
    /// Pillow's `ImageOps.cover`, and as `cnn train` reads pictures.
    Cover,
    /// In proportion, to the largest size that fits into the input ([`Preprocess::crop`]), with a border around it: as in YOLOv5's
    /// `letterbox`. [`Preprocess::placement`] says where the picture then lies.
    Letterbox {
        /// Red, green and blue of the border.
        border: [u8; 3],
    },
}

/// How the pixels of a resized picture are interpolated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Filter {
    /// Bilinear, antialiased: between the two nearest pixels in each direction, or more in proportion to the reduction.
    #[default]
    Bilinear,
    /// Cubic convolution with a = -0.5 (Keys 1981), as in Pillow: between the four nearest pixels in each direction, or
    /// more.
    Bicubic,
    /// Between the two nearest pixels in each direction, however much the picture is reduced: without antialiasing.
    /// OpenCV's `INTER_LINEAR`, and torchvision's bilinear filter with `antialias=False`.
    BilinearAliased,
}

/// The channels of an input, in order. A number `x` becomes `(x - mean) / std`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Channels {
    /// Only brightness: 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601), in whole levels.
    Grey {
        /// The number that is subtracted.
        mean: f32,
        /// The divisor after that.
        std: f32,
    },
    /// Ink on paper, 1 and 0, for nets of handwritten digits: a digit in any colours becomes white on black.
    ///
    /// The border shows the paper. The digit is whatever differs from it, darker or lighter, more than half as much as the
    /// strongest stroke. As in MNIST, its longest side becomes 20/28 of the square that the picture is resized to, and its
    /// centre of mass moves to the middle. A picture of exactly the square's size keeps its digit's size and position, and a
    /// picture of plain paper is used unchanged, by its brightness.
    ///
    /// [`Resize::ShortSide`] also gives a square, and [`Resize::Exactly`] can give a rectangle: then the digit is as large as 20/28 of
    /// both sides allow. For [`Resize::Cover`] and [`Resize::Letterbox`], that rectangle is the input.
    ///
    /// Uneven light, and ruled lines as dark as the ink, are not handled.
    Ink,
    /// Red, green, blue.
    Rgb {
        /// The numbers that are subtracted, in the order of the channels.
        mean: [f32; 3],
        /// The divisor after that.
        std: [f32; 3],
    },
    /// Blue, green, red.
    Bgr {
        /// The numbers that are subtracted, in the order of the channels.
        mean: [f32; 3],
        /// The divisor after that.
        std: [f32; 3],
    },
}

impl Preprocess {
    /// torchvision's weights `IMAGENET1K_V1`, and the usual choice for nets trained on ImageNet with PyTorch:
    /// `torchvision.transforms._presets.ImageClassification(crop_size=224)`.
    pub const TORCHVISION: Self = Self {
        resize: Resize::ShortSide(256),
        filter: Filter::Bilinear,
        crop: Size::square(224),
        white: 1.0,
        channels: Channels::Rgb { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    };

    /// torchvision's weights `IMAGENET1K_V2`, of ResNets and MobileNets: `ImageClassification(crop_size=224,
    /// resize_size=232)`.
    pub const TORCHVISION_V2: Self = Self { resize: Resize::ShortSide(232), ..Self::TORCHVISION };

    /// torchvision's weights of EfficientNet-B0: `ImageClassification(crop_size=224, resize_size=256,
    /// interpolation=InterpolationMode.BICUBIC)`.
    pub const TORCHVISION_BICUBIC: Self = Self { filter: Filter::Bicubic, ..Self::TORCHVISION };

    /// torchvision's weights of ConvNeXt-T: `ImageClassification(crop_size=224, resize_size=236)`.
    pub const TORCHVISION_CONVNEXT: Self = Self { resize: Resize::ShortSide(236), ..Self::TORCHVISION };

    /// torchvision's weights of GoogLeNet, which came from TensorFlow. Its preprocessing is [`Self::TORCHVISION`]; then,
    /// with these weights, `GoogLeNet._transform_input` computes `x * (std / 0.5) + (mean - 0.5) / 0.5` for each
    /// channel. Together, they are equivalent to a mean and a standard deviation of 0.5.
    pub const TORCHVISION_GOOGLENET: Self =
        Self { channels: Channels::Rgb { mean: [0.5; 3], std: [0.5; 3] }, ..Self::TORCHVISION };

    /// torchvision's weights of Inception-v3, which came from TensorFlow too: [`Self::TORCHVISION_GOOGLENET`] in another size,
    /// `ImageClassification(crop_size=299, resize_size=342)`.
    pub const TORCHVISION_INCEPTION_V3: Self =
        Self { resize: Resize::ShortSide(342), crop: Size::square(299), ..Self::TORCHVISION_GOOGLENET };

    /// The Caffe weights of AlexNet, CaffeNet and GoogLeNet (`bvlc_alexnet`, `bvlc_reference_caffenet`,
    /// `bvlc_googlenet`). They were trained on pictures distorted to 256x256. The means are those of GoogLeNet's
    /// `train_val.prototxt`. AlexNet and CaffeNet subtract a mean per position instead, `imagenet_mean.binaryproto`, whose
    /// average is (104.007, 116.669, 122.679).
    pub const CAFFE: Self = Self {
        resize: Resize::Exactly(Size::square(256)),
        filter: Filter::Bilinear,
        crop: Size::square(224),
        white: 255.0,
        channels: Channels::Bgr { mean: [104.0, 117.0, 123.0], std: [1.0; 3] },
    };

    /// The Caffe weights of VGG's authors. The means are from the `readme.md` of `VGG_ILSVRC_16_layers`; the shorter side
    /// is the smallest that the paper tests. The Caffe weights of ResNet's authors are commonly used with the same
    /// preprocessing.
    pub const CAFFE_VGG: Self = Self {
        resize: Resize::ShortSide(256),
        channels: Channels::Bgr { mean: [103.939, 116.779, 123.68], std: [1.0; 3] },
        ..Self::CAFFE
    };

    /// CIFAR-10's pictures, 32x32, in levels from 0 to 255, as MLPerf Tiny's ResNet-8 reads them.
    pub const CIFAR10: Self = Self {
        resize: Resize::Exactly(Size::square(32)),
        filter: Filter::Bilinear,
        crop: Size::square(32),
        white: 255.0,
        channels: Channels::Rgb { mean: [0.0; 3], std: [1.0; 3] },
    };

    /// Pictures with or without a person, 96x96, from 0 to 1, as MLPerf Tiny's MobileNet-v1 reads them.
    pub const VISUAL_WAKE_WORDS: Self =
        Self { resize: Resize::Exactly(Size::square(96)), crop: Size::square(96), white: 1.0, ..Self::CIFAR10 };

    /// Digits of MNIST: 28x28, white on black. Digits in other pictures are converted to that ([`Channels::Ink`]).
    pub const MNIST: Self = Self {
        resize: Resize::Exactly(Size::square(28)),
        filter: Filter::Bilinear,
        crop: Size::square(28),
        white: 1.0,
        channels: Channels::Ink,
    };

    /// The same in the middle of LeNet-5's 32x32.
    pub const LENET5: Self = Self { crop: Size::square(32), ..Self::MNIST };

    /// Ultralytics' YOLOv5, with inputs of any size: `letterbox(im, new_shape, auto=False)` of `utils/augmentations.py`, which fills
    /// with 114, then RGB from 0 to 1. Its models are trained on 640x640; heights and widths are multiples of 32.
    #[must_use]
    pub const fn yolov5(input: Size) -> Self {
        Self {
            resize: Resize::Letterbox { border: [114; 3] },
            filter: Filter::BilinearAliased,
            crop: input,
            white: 1.0,
            channels: Channels::Rgb { mean: [0.0; 3], std: [1.0; 3] },
        }
    }

    /// The shape of the resulting inputs.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        let channels = match self.channels {
            Channels::Grey { .. } | Channels::Ink => 1,
            Channels::Rgb { .. } | Channels::Bgr { .. } => 3,
        };
        Shape::map(channels, self.crop.height, self.crop.width)
    }
}

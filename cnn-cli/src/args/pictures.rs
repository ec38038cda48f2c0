//! The arguments of commands that run a net on pictures.

use clap::ValueEnum;
use cnn_train::Resizing;

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct PictureArgs {
    /// How pictures become its input, if its weights need other preprocessing than its own
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) preprocess: Option<Preprocessing>,
    /// How pictures get the size of its input, whatever that is: exact (distorted), cover (cropped), letterbox (in a border of
    /// 114), or short=256 (the shorter side to this, then cropped)
    #[arg(long, value_name = "HOW")]
    pub(crate) resize: Option<Resizing>,
    /// Subtracted from each channel, instead of what the preprocessing does: a number, or one for each channel, with commas; white is
    /// 1, and 255 for Caffe's
    #[arg(long, value_name = "X,…", value_delimiter = ',', allow_negative_numbers = true)]
    pub(crate) mean: Vec<f32>,
    /// What each channel is divided by after that
    #[arg(long, value_name = "X,…", value_delimiter = ',')]
    pub(crate) std: Vec<f32>,
}

/// How pictures become the input of a net.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Preprocessing {
    /// Shorter side to 256, central 224x224, RGB by ImageNet's mean and deviation: usual with PyTorch
    Torchvision,
    /// The same, but shorter side to 232: torchvision's weights IMAGENET1K_V2
    TorchvisionV2,
    /// The same as `torchvision`, by bicubic interpolation: torchvision's weights of EfficientNet-B0
    TorchvisionBicubic,
    /// The same as `torchvision`, but shorter side to 236: torchvision's weights of ConvNeXt-T
    TorchvisionConvnext,
    /// The same as `torchvision`, but RGB from -1 to 1: torchvision's weights of GoogLeNet
    TorchvisionGooglenet,
    /// Shorter side to 342, central 299x299, RGB from -1 to 1: torchvision's weights of Inception-v3
    TorchvisionInceptionV3,
    /// To 256x256, central 224x224, BGR minus (104, 117, 123): Caffe's AlexNet and GoogLeNet
    Caffe,
    /// Shorter side to 256, central 224x224, BGR minus (103.939, 116.779, 123.68): Caffe's VGG
    CaffeVgg,
    /// The ink of one digit, with MNIST's size and position in 28x28, white on black, from 0 to 1
    Mnist,
    /// The same with a border of two black pixels
    Lenet5,
    /// As `cnn train` reads pictures: until they cover an input of any size, or with a frame of 0 if they are a little smaller; RGB
    /// or brightness from 0 to 1
    Train,
    /// As Ultralytics' YOLOv5, in an input of any size: scaled to fit inside, in a border of 114; RGB from 0 to 1
    Yolov5,
}

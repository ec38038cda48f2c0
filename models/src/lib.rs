//! The reference nets, each in a file as short as its paper's table.
//!
//! | net | from |
//! | --- | --- |
//! | [`Perceptron`], [`Mlp`] | 1958, 1986: the first steps |
//! | [`LeNet5`] | 1998: convolution and pooling; its trained weights are in the crate |
//! | [`AlexNet`] | 2012: ReLU, dropout, local response normalisation |
//! | [`Vgg11`], [`Vgg11Lrn`], [`Vgg13`], [`Vgg16`], [`Vgg19`] | 2014: small windows, many of them |
//! | [`InceptionV1`] | 2014: windows of several sizes side by side, auxiliary classifiers |
//! | [`ResNet18`], [`ResNet34`], [`ResNet50`], [`ResNet101`], [`ResNet152`] | 2015: residual blocks |
//! | [`UNet`] | 2015: the upsampling path reads the maps of the downsampling path again; a mask as large as the image |
//! | [`Espcn`] | 2016: super-resolution with a pixel shuffle at the end |
//! | [`Siamese`] | 2015: applies the same layers to two pictures and compares their features |
//! | [`YoloV5n`] | 2020: finds all objects in an image, with three outputs |
//! | [`tiny`] | the nets of MLPerf Tiny, for microcontrollers |
//! | [`torchvision`] | torchvision's nets, which differ from the papers' in layers or in names |
//!
//! Some have variants: with weights in half precision ([`AlexNetF16`]), or for 8 images per pass ([`LeNet5Batch8`],
//! [`AlexNetBatch8`], [`ResNet50Batch8`]).
//!
//! The page of each net shows its diagram from `diagrams`, as drawn by `cnn diagram NET`, which a test checks.
//!
//! Nets that classify pictures also declare their preprocessing and the names of their classes ([`Classifier`]). With the
//! feature `image`, preprocessing reads pictures of any size, and the types of the crate `image`.
//!
//! Every net that ends in a function (softmax, a sigmoid, the step) exposes that function's input as the tap `logits`. Nets for
//! ImageNet read images of 3x224x224 ([`InceptionV3`](torchvision::InceptionV3): 3x299x299) and have its 1,000 classes.
//!
//! # Features
//!
//! Perceptrons and LeNet-5 are always included. Features add the other nets, so that only the nets you use are compiled:
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `alexnet` | yes | AlexNet, also torchvision's |
//! | `vgg` | yes | the VGG nets, also torchvision's |
//! | `inception` | yes | Inception-v1; torchvision's GoogLeNet and Inception-v3 |
//! | `resnet` | yes | the residual nets, also torchvision's; ResNeXt |
//! | `squeezenet` | no | torchvision's SqueezeNet 1.0 and 1.1 |
//! | `mobilenet` | no | torchvision's MobileNet-v2, and v3 small and large |
//! | `densenet` | no | torchvision's DenseNet-121 and 169 |
//! | `shufflenet` | no | torchvision's ShuffleNet-v2 x1.0 |
//! | `efficientnet` | no | torchvision's EfficientNet-B0 |
//! | `regnet` | no | torchvision's RegNetY-400MF |
//! | `convnext` | no | torchvision's ConvNeXt-T |
//! | `unet` | no | U-Net |
//! | `espcn` | no | ESPCN |
//! | `siamese` | no | the Siamese net |
//! | `yolo` | no | YOLOv5n |
//! | `tiny` | no | the module `tiny`: the nets of MLPerf Tiny |
//! | `all-nets` | no | all of these |
//! | `image` | no | pictures from the crate `image` as inputs |

#![forbid(unsafe_code)]

#[macro_use]
mod about;
#[macro_use]
mod classifier;

#[cfg(feature = "alexnet")]
mod alexnet;
#[cfg(feature = "espcn")]
mod espcn;
#[cfg(feature = "inception")]
mod inception_v1;
mod lenet5;
mod mlp;
mod nets;
#[cfg(feature = "resnet")]
mod resnet;
#[cfg(feature = "siamese")]
mod siamese;
#[cfg(feature = "unet")]
mod unet;
#[cfg(feature = "vgg")]
mod vgg;
#[cfg(feature = "yolo")]
mod yolo;

pub mod labels;
pub mod seeded;
#[cfg(feature = "tiny")]
pub mod tiny;
pub mod torchvision;

pub use about::About;
pub use classifier::{Classifier, Detector};
/// How pictures become inputs. [`Preprocess::apply`](preprocess::Preprocess) needs the feature `image`.
pub use cnn_preprocess as preprocess;
pub use cnn_preprocess::Preprocess;
// The modules have nothing but nets: for each, its type, its weights, and a workspace if it is large.
#[cfg(feature = "alexnet")]
pub use alexnet::*;
#[cfg(feature = "espcn")]
pub use espcn::*;
#[cfg(feature = "inception")]
pub use inception_v1::*;
pub use lenet5::*;
pub use mlp::*;
pub use nets::{FAMILIES, Family, Visitor, each};
#[cfg(feature = "resnet")]
pub use resnet::*;
#[cfg(feature = "siamese")]
pub use siamese::*;
#[cfg(feature = "unet")]
pub use unet::*;
#[cfg(feature = "vgg")]
pub use vgg::*;
#[cfg(feature = "yolo")]
pub use yolo::*;

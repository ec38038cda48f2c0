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
//! | [`torchvision`] | nets whose published weights are for other nets than the papers', or have other names |
//!
//! Some have variants: with weights in half precision ([`AlexNetF16`]), or for 8 images per pass ([`LeNet5Batch8`],
//! [`AlexNetBatch8`], [`ResNet50Batch8`]).
//!
//! The page of each net shows its diagram from `diagrams`, as drawn by `cnn diagram NET`, which a test checks.
//!
//! Nets that classify pictures also declare how a picture becomes their input, and the names of their classes ([`Classifier`]).
//! The feature `image` lets that read pictures of any size, and the types of the crate `image`.
//!
//! Every net keeps the input of its last function, softmax or the step, as the tap `logits`. Nets for ImageNet read images of
//! 3x224x224 and know its 1,000 classes.
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `image` | no | pictures of the crate `image` as inputs |

#![forbid(unsafe_code)]

#[macro_use]
mod about;
#[macro_use]
mod classifier;

mod alexnet;
mod inception_v1;
mod lenet5;
mod mlp;
mod resnet;
mod vgg;

pub mod labels;
pub mod seeded;
pub mod torchvision;

pub use about::About;
pub use classifier::Classifier;
/// How pictures become inputs. [`Preprocess::apply`](preprocess::Preprocess) needs the feature `image`.
pub use cnn_preprocess as preprocess;
pub use cnn_preprocess::Preprocess;
// The modules have nothing but nets: for each, its type, its weights, and a workspace if it is large.
pub use alexnet::*;
pub use inception_v1::*;
pub use lenet5::*;
pub use mlp::*;
pub use resnet::*;
pub use vgg::*;

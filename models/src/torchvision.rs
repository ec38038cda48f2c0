//! Nets whose weights torchvision publishes, with the tensor names of its state dicts, so that they read the files of
//! `save_file(model.state_dict(), …)`. Layers without tensors have the names of torchvision's modules, if there are any.
//!
//! In PyTorch these nets end in logits. Here `tap logits` keeps those, and softmax follows, so the output is probabilities.
//!
//! A feature adds each family, [as the crate's page says](crate#features).

#[cfg(feature = "alexnet")]
mod alexnet;
#[cfg(feature = "convnext")]
mod convnext;
#[cfg(feature = "densenet")]
mod densenet;
#[cfg(feature = "efficientnet")]
mod efficientnet;
#[cfg(feature = "inception")]
mod googlenet;
#[cfg(feature = "inception")]
mod inception_v3;
#[cfg(feature = "mobilenet")]
mod mobilenet;
#[cfg(feature = "mobilenet")]
mod mobilenet_v3;
#[cfg(feature = "regnet")]
mod regnet;
#[cfg(feature = "resnet")]
mod resnet;
#[cfg(feature = "shufflenet")]
mod shufflenet;
#[cfg(feature = "squeezenet")]
mod squeezenet;
#[cfg(feature = "vgg")]
mod vgg;

// The modules have nothing but nets: for each, its type, its weights, and a workspace if it is large.
#[cfg(feature = "alexnet")]
pub use alexnet::*;
#[cfg(feature = "convnext")]
pub use convnext::*;
#[cfg(feature = "densenet")]
pub use densenet::*;
#[cfg(feature = "efficientnet")]
pub use efficientnet::*;
#[cfg(feature = "inception")]
pub use googlenet::*;
#[cfg(feature = "inception")]
pub use inception_v3::*;
#[cfg(feature = "mobilenet")]
pub use mobilenet::*;
#[cfg(feature = "mobilenet")]
pub use mobilenet_v3::*;
#[cfg(feature = "regnet")]
pub use regnet::*;
#[cfg(feature = "resnet")]
pub use resnet::*;
#[cfg(feature = "shufflenet")]
pub use shufflenet::*;
#[cfg(feature = "squeezenet")]
pub use squeezenet::*;
#[cfg(feature = "vgg")]
pub use vgg::*;

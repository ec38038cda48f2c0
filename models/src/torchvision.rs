//! Nets whose weights torchvision publishes, with the tensor names of its state dicts, so that they read what
//! `save_file(model.state_dict(), …)` makes. Layers without tensors have the names of torchvision's modules, where
//! those have one.
//!
//! In PyTorch these nets end in logits. Here `tap logits` keeps those, and softmax follows: the output is
//! probabilities.

mod alexnet;
mod densenet;
mod googlenet;
mod mobilenet;
mod resnet;
mod squeezenet;
mod vgg;

// The modules have nothing but nets: for each its type, its weights, and a workspace if it is large.
pub use alexnet::*;
pub use densenet::*;
pub use googlenet::*;
pub use mobilenet::*;
pub use resnet::*;
pub use squeezenet::*;
pub use vgg::*;

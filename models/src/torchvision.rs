//! Nets whose weights torchvision publishes, with the tensor names of its state dicts, so that they read the files of
//! `save_file(model.state_dict(), …)`. Layers without tensors have the names of torchvision's modules, if there are any.
//!
//! In PyTorch these nets end in logits. Here `tap logits` keeps those, and softmax follows, so the output is probabilities.

mod alexnet;
mod densenet;
mod googlenet;
mod mobilenet;
mod resnet;
mod squeezenet;
mod vgg;

// The modules have nothing but nets: for each, its type, its weights, and a workspace if it is large.
pub use alexnet::*;
pub use densenet::*;
pub use googlenet::*;
pub use mobilenet::*;
pub use resnet::*;
pub use squeezenet::*;
pub use vgg::*;

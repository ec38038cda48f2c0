//! Figures as articles use them to explain convolutional networks: what a layer does, with numbers.
//!
//! Numbers are never written by hand: [`cnn_runtime::reference`] computes them, with every layer's mathematics in plain loops.
//! Examples with other numbers give other figures. Grids have room for numbers of three digits or two decimals. (The kernels
//! are tested against the same functions. Figures do not use the kernels, because their last bits depend on the instruction
//! set, and a figure must be the same bytes everywhere.)
//!
//! ```
//! use cnn_diagram::Theme;
//! use cnn_diagram::figures::Perceptron;
//!
//! let figure = Perceptron { inputs: [2.0, -1.0], ..Perceptron::default() }.figure();
//! assert!(figure.svg(Theme::Auto).starts_with("<svg"));
//! ```
//!
//! | figure | shows |
//! | --- | --- |
//! | [`Perceptron`] | a weighted sum and a step |
//! | [`LearningPerceptron`] | how the line moves in training |
//! | [`activations`] | the curve of every activation of the language |
//! | [`MultilayerPerceptron`] | a net of fully connected layers, from its description |
//! | [`Convolution`] | every step of a convolution |
//! | [`Pooling`] | max, average and global average pooling of one map |
//! | [`LocalResponse`] | local response normalisation of a few maps |
//! | [`BatchNormalisation`] | a batch, normalised step by step |
//! | [`batch_norm_learning`] | what that does for training |
//! | [`deep_gradients`] | gradients that vanish in deep nets |
//! | [`deep_learning`] | degradation of deep nets, and shortcuts |

mod activations;
mod batch_norm;
mod convolution;
mod deep;
mod learning;
mod local_response;
mod multilayer;
mod page;
mod parts;
mod perceptron;
mod pooling;

use crate::sheet::{Shape, Sheet};
use crate::theme::Theme;

pub use activations::activations;
pub use batch_norm::BatchNormalisation;
pub use convolution::{Convolution, Place};
pub use deep::{batch_norm_learning, deep_gradients, deep_learning};
pub use learning::LearningPerceptron;
pub use local_response::LocalResponse;
pub use multilayer::MultilayerPerceptron;
pub use page::page;
pub use perceptron::Perceptron;
pub use pooling::Pooling;

/// A figure, ready to be written.
#[must_use = "a figure does nothing until it is written"]
#[derive(Clone, Debug)]
pub struct Figure {
    /// The name of its file, without the extension.
    pub name: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it shows, for readers who are new to it.
    pub about: String,
    shapes: Vec<Shape>,
    height: f32,
}

impl Figure {
    /// The figure as an SVG file.
    #[must_use]
    pub fn svg(&self, theme: Theme) -> String {
        let size = [parts::WIDTH, self.height.ceil()];
        Sheet { title: self.title, size, width: parts::WIDTH, theme }.write(self.shapes.clone())
    }
}

/// All figures with their usual examples, in the order of an article; the multilayer perceptron is `net`.
pub fn all(net: &MultilayerPerceptron) -> [Figure; 11] {
    [
        Perceptron::default().figure(),
        LearningPerceptron::default().figure(),
        activations(),
        net.figure(),
        Convolution::default().figure(),
        Pooling::default().figure(),
        LocalResponse::default().figure(),
        BatchNormalisation::default().figure(),
        batch_norm_learning(),
        deep_gradients(),
        deep_learning(),
    ]
}

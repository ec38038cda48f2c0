//! Draws nets: lays out the description of a declared net and writes it as a self-contained SVG.
//!
//! ```
//! use cnn_diagram::{Detail, Options, svg};
//!
//! cnn::network! {
//!     /// A small net.
//!     pub Small: 1x8x8 -> 10 {
//!         conv1: conv(6, 3x3) -> relu -> max_pool(2x2);
//!         fc: linear(10) -> softmax;
//!     }
//! }
//!
//! # fn main() {
//! let drawing = svg(Small::GRAPH, &Options { detail: Detail::Full, ..Options::default() });
//! # assert!(drawing.starts_with("<svg") && drawing.contains("conv 3×3"));
//! # }
//! ```
//!
//! [`figures`] show what layers do, with numbers.
//!
//! A drawing depends only on the description and the options: no font is measured, no clock is read, and the same net always
//! gives the same bytes.
//!
//! | module | does |
//! | --- | --- |
//! | `model` | decides what to draw: blocks with their letters, branches, folded blocks, stages, auxiliary classifiers |
//! | `layout` | decides where to draw it |
//! | `draw`, `caption` | turn that into shapes |
//! | `net` | puts caption, layers and legend on one sheet |
//! | `memory` | charts a workspace over time |
//! | [`chart`] | draws line charts over a common axis |
//! | `gallery` | makes a page of many nets |
//! | [`figures`] | show what layers do, with numbers |
//! | `options` | holds the settings that callers choose |
//! | [`theme`] | the colour and the mark of each kind of layer |
//! | [`sheet`], [`text`] | write shapes as SVG, in two themes; measure words without a font |

#![forbid(unsafe_code)]

mod caption;
pub mod chart;
mod draw;
pub mod figures;
mod gallery;
mod layout;
mod memory;
mod model;
mod net;
mod options;
mod page;
pub mod sheet;
pub mod text;
pub mod theme;

pub use caption::paper;
pub use gallery::{Entry, gallery, table_markdown};
pub use memory::{memory, step_memory};
pub use net::svg;
pub use options::{Detail, Options};
pub use theme::Theme;

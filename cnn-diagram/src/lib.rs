//! Draws nets: the description that a declaration becomes is laid out and written as a self-contained SVG.
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
//! [`figures`] are of what layers do, with numbers.
//!
//! A drawing depends on nothing but the description and the options: no font is measured, no clock is read, and the same net
//! is the same bytes.
//!
//! | module | does |
//! | --- | --- |
//! | `model` | what is drawn: blocks with their letters, branches, folded blocks, stages, auxiliary classifiers |
//! | `layout` | where |
//! | `draw`, `caption` | as shapes |
//! | `memory` | a workspace over time |
//! | `gallery` | a page of many nets |
//! | [`figures`] | what layers do, with numbers |
//! | [`theme`] | the colour and the mark of each kind of layer |
//! | [`sheet`], [`text`] | shapes as SVG, in two themes; words without a font |

#![forbid(unsafe_code)]

mod caption;
mod draw;
pub mod figures;
mod gallery;
mod layout;
mod memory;
mod model;
mod page;
pub mod sheet;
pub mod text;
pub mod theme;

use cnn_net::graph::Graph;

pub use caption::paper;
pub use gallery::{Entry, gallery, table_markdown};
pub use memory::memory;
pub use theme::Theme;

/// How much a drawing tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Kinds and windows, as articles draw nets: filters, strides, padding and dropout are left out.
    #[default]
    Article,
    /// Filters, strides, padding, parameters, and shapes where they change.
    Full,
}

impl Detail {
    /// Its name in identifiers and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Article => "article",
            Self::Full => "full",
        }
    }
}

/// What a drawing is to look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How much it tells.
    pub detail: Detail,
    /// How wide it is, in pixels. What does not fit is drawn wider and shown smaller.
    pub width: u32,
    /// Its colours.
    pub theme: Theme,
    /// Whether blocks that are called more than once are drawn each time, and not once.
    pub unfold: bool,
}

impl Default for Options {
    /// As articles draw nets, 760 pixels wide, for light and dark pages, blocks drawn once.
    fn default() -> Self {
        Self { detail: Detail::default(), width: 760, theme: Theme::default(), unfold: false }
    }
}

/// Draws a net.
pub fn svg(graph: &Graph<'_>, options: &Options) -> String {
    let picture = model::Picture::new(graph, options);
    let width = options.width.max(NARROWEST) as f32;
    let most = layout::needs(&picture, options).max(width).ceil();
    let (mut shapes, y) = caption::caption(graph, most);
    let scene = layout::page(&picture, options, most, y);
    shapes.extend(draw::shapes(&scene));
    let (legend, bottom) = caption::legend(&picture, most, scene.size[1] + 20.0);
    shapes.push(legend);
    let size = [most.max(scene.size[0] + layout::MARGIN), bottom.ceil()];
    sheet::Sheet { title: graph.name, size, width, theme: options.theme }.write(shapes)
}

/// No drawing is narrower, in pixels.
const NARROWEST: u32 = 320;

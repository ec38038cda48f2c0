//! A net as a drawing: its caption, its layers and the legend on one sheet.

use cnn_net::graph::Graph;

use crate::model::Picture;
use crate::options::{NARROWEST, Options};
use crate::sheet::Sheet;
use crate::{caption, draw, layout};

/// Draws a net as an SVG file.
#[must_use]
pub fn svg(graph: &Graph<'_>, options: &Options) -> String {
    let picture = Picture::new(graph, options);
    let width = options.width.max(NARROWEST) as f32;
    let most = layout::needs(&picture, options).max(width).ceil();
    let (mut shapes, y) = caption::caption(graph, most);
    let scene = layout::page(&picture, options, most, y);
    shapes.extend(draw::shapes(&scene));
    let (legend, bottom) = caption::legend(&picture, most, scene.size[1] + 20.0);
    shapes.push(legend);
    let size = [most.max(scene.size[0] + layout::MARGIN), bottom.ceil()];
    Sheet { title: graph.name, size, width, theme: options.theme }.write(shapes)
}

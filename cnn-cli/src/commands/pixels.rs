//! Drawings as pixels.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

/// PNG pixels per pixel of a drawing, enough for text of ten pixels to be readable in print.
const SCALE: f32 = 2.0;

/// An SVG as a PNG.
///
/// Its text is set in a font in this program, not in the machine's fonts: there may be none, and the pixels of a drawing would
/// depend on the machine. Drawings have room for it, since no usual font is wider.
pub(super) fn png(svg: &str) -> Result<Vec<u8>, String> {
    let mut fonts = Database::new();
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.load_font_data(dejavu::sans::bold().to_vec());
    let options = Options { fontdb: Arc::new(fonts), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| format!("the drawing cannot be read: {error}"))?;
    let size = tree.size().to_int_size().scale_by(SCALE);
    let pixmap = size.and_then(|size| Pixmap::new(size.width(), size.height()));
    let mut pixmap = pixmap.ok_or("the drawing is too large for a PNG: a smaller `--width` makes it smaller")?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|error| format!("the PNG cannot be written: {error}"))
}

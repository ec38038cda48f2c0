//! Rounding errors of the algorithms of a layer.
//!
//! Rounding errors of a sum of random terms are a random walk, so the square of the error, relative to the mean square
//! of the layer's outputs, grows with the number of terms. Winograd's algorithm adds fewer, but its transforms enlarge the errors,
//! and add some that don't depend on how many channels there are:
//!
//! ```text
//! direct     e^2 = DIRECT * terms
//! F(m, r)    e^2 = (fixed + slope * channels) * rough       channels of a group, times the phases of a stride
//! F(mx1, 5)  e^2 = (fixed + slope * channels) * rough
//! ```
//!
//! Relative rms errors in 1e-7, He-initialised weights, uniform inputs, against the reference executor in double precision:
//!
//! | channels | direct 3x3 | F(2, 3) | F(4, 3) | F(6, 3) | direct 4x4 | F(3, 4) | F(5, 4) | direct 5x5 | F(4, 5) | F(5x1, 5x5) |
//! | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
//! | 4 | 1.1 | 1.1 | 3.8 | 15 | 1.4 | 3.8 | 14 | 1.7 | – | 6.9 |
//! | 16 | 2.1 | 1.5 | 5.0 | 20 | 2.9 | 4.9 | 19 | 3.5 | 19 | 12 |
//! | 64 | 4.2 | 2.6 | 8.3 | 33 | 5.8 | 8.0 | 30 | 6.9 | 31 | – |
//! | 256 | 8.4 | 4.9 | 15 | 62 | 12 | 15 | 56 | 14 | 58 | – |
//!
//! `rough` is the share of the inputs' mean square that differs from pixel to pixel; the transforms leave little of the rest.

use cnn_runtime::pack::{ColumnPanels, WinogradPanels};

/// The unit of squares of relative errors.
pub(super) const UNIT: f64 = 1e-14;
/// A term of a sum.
const DIRECT: f64 = 0.029;
/// Terms that a fully connected layer adds up at once, and where its weights lie in rows.
const PART: usize = 256;
const ROWS: usize = 4;
/// The errors of F(m, r): what is fixed, and for each channel.
const TILES: [((usize, usize), [f64; 2]); 6] = [
    ((2, 3), [0.75, 0.091]),
    ((4, 3), [11.0, 0.88]),
    ((6, 3), [165.0, 14.0]),
    ((3, 4), [11.0, 0.85]),
    ((5, 4), [155.0, 12.0]),
    ((4, 5), [160.0, 12.0]),
];
/// Those of F(mx1, 5), with filters 5 wide.
const COLUMNS: [f64; 2] = [18.0, 7.5];
/// The square of the relative error of a sum of this many terms.
pub(super) fn direct(terms: usize) -> f64 {
    DIRECT * terms as f64
}

/// That of a fully connected layer, which is added up in parts; `rows`, if by rows of weights.
pub(super) fn dense(terms: usize, rows: bool) -> f64 {
    let part = if rows { ROWS } else { PART };
    if terms <= part { direct(terms) } else { direct(terms / part) + if rows { 0.0 } else { direct(part) } }
}

/// That of a convolution in tiles.
pub(super) fn tiles(panels: &WinogradPanels) -> f64 {
    let found = TILES.iter().find(|(of, _)| *of == (panels.tile, panels.taps()));
    found.map_or(f64::INFINITY, |(_, [fixed, slope])| fixed + slope * panels.depth() as f64)
}

/// That of a convolution in tiles along columns.
pub(super) fn columns(panels: &ColumnPanels) -> f64 {
    let [fixed, slope] = COLUMNS;
    fixed + slope * panels.inputs as f64
}

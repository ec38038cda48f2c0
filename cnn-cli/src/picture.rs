//! PNG and JPEG files, or standard input, as upright pictures of RGB bytes.

use std::path::Path;

use cnn_train::picture;

use crate::stdin;

pub(crate) use cnn_train::picture::{Picture, PictureError};

/// Reads a PNG or JPEG file, or standard input. Of any other file, only the beginning is read.
pub(crate) fn read(path: &Path) -> Result<Picture, PictureError> {
    picture::read(stdin::open(path).map_err(PictureError::Open)?)
}

//! IDX files: images of any size, and a label for each; also gzipped.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use cnn_digits::idx::{self, Array};
use flate2::read::MultiGzDecoder;
use image::GrayImage;

use super::bytes::{Picture, check, fitted};
use super::{DataSet, Wanted};
use crate::error::{Error, shown};

/// How a gzipped file begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// An IDX file, gzipped or not.
pub(super) fn read(path: &Path) -> Result<Array, Error> {
    let file = File::open(path).map_err(|error| Error::unreadable(path, error))?;
    let mut file = BufReader::new(file);
    let mut begin = Vec::new();
    file.by_ref().take(2).read_to_end(&mut begin).map_err(|error| Error::unreadable(path, error))?;
    let packed = begin == GZIP;
    let whole = std::io::Cursor::new(begin).chain(file);
    let array = if packed { idx::array(MultiGzDecoder::new(whole)) } else { idx::array(whole) };
    array.map_err(|error| Error::Idx { path: path.to_path_buf(), error })
}

/// Images and labels, in either order.
pub(super) fn pair(paths: [&Path; 2], wanted: &Wanted) -> Result<DataSet, Error> {
    let [first, second] = [read(paths[0])?, read(paths[1])?];
    let is_labels = |array: &Array| array.dimensions.len() == 1;
    match [is_labels(&first), is_labels(&second)] {
        [false, true] => set([&first, &second], paths, wanted),
        [true, false] => set([&second, &first], [paths[1], paths[0]], wanted),
        [true, true] => {
            Err(Error::data(paths[0], format!("and {} both hold labels: give a file of images, too", shown(paths[1]))))
        }
        [false, false] => {
            Err(Error::data(paths[0], format!("and {} both hold images: give a file of labels, too", shown(paths[1]))))
        }
    }
}

/// The set of a file of images and one of labels.
pub(super) fn set(arrays: [&Array; 2], paths: [&Path; 2], wanted: &Wanted) -> Result<DataSet, Error> {
    let [images, labels] = arrays;
    let (height, width) = match images.dimensions[..] {
        [_, height, width] => (height, width),
        _ => {
            return Err(Error::data(
                paths[0],
                "does not hold images: these have three dimensions, images, rows and columns",
            ));
        }
    };
    let counts = [images, labels].map(|array| array.dimensions[0]);
    if counts[0] != counts[1] {
        let problem = format!(
            "has {} images, but {} has {} labels: they don't belong together",
            counts[0],
            shown(paths[1]),
            counts[1]
        );
        return Err(Error::data(paths[0], problem));
    }
    if counts[0] == 0 || height * width == 0 {
        return Err(Error::data(paths[0], "holds no images: give a file that does"));
    }
    check(wanted)?;
    let mut bytes = Vec::with_capacity(counts[0] * wanted.shape.elements());
    for levels in images.bytes.chunks_exact(height * width) {
        let image = GrayImage::from_raw(width as u32, height as u32, levels.to_vec());
        // As many levels as pixels.
        let Some(image) = image else { break };
        bytes.extend(fitted(&Picture::Grey(image), wanted.shape, wanted.resize)?);
    }
    let classes: Vec<u32> = labels.bytes.iter().map(|label| u32::from(*label)).collect();
    DataSet::of_bytes(wanted, bytes, &classes)
}

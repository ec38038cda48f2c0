//! The IDX format of the MNIST database, gzipped: how the test digits are stored.
//!
//! A file is two zero bytes, the type of its values (`08`: unsigned bytes), the number of dimensions, each dimension
//! as a big-endian `u32`, then the values, the last dimension running fastest. Only the two shapes that digits come
//! in are read: `n x 28 x 28` for images and `n` for labels.

use std::fmt;
use std::io::Read;

use flate2::read::GzDecoder;

/// The side of an MNIST image.
pub(crate) const SIDE: usize = 28;

/// The grey levels of one digit, row by row: 0 is background, 255 is ink.
pub(crate) type Image = [u8; SIDE * SIDE];

/// Unpacking stops here, for a gzip file may claim a thousand times its size. MNIST's largest file unpacks to 47 MB.
const MAX_BYTES: u64 = 256 << 20;

/// Why a file is not a set of digits.
#[derive(Debug)]
pub(crate) enum IdxError {
    /// The gzip layer is damaged or cut short.
    Gzip(std::io::Error),
    /// The first four bytes are not the ones the file should begin with.
    Magic {
        /// What the file should begin with.
        expected: [u8; 4],
        /// What it begins with.
        found: [u8; 4],
    },
    /// Images of another size than 28x28.
    Size {
        /// Rows of an image.
        rows: u32,
        /// Columns of an image.
        columns: u32,
    },
    /// The header announces other data than what follows.
    Length {
        /// Bytes that the header announces.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// A label that is no digit.
    Label(u8),
}

impl fmt::Display for IdxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gzip(error) => write!(f, "not a gzip file, or damaged: {error}"),
            Self::Magic { expected, found } => {
                write!(f, "not the expected IDX file: it begins with {found:02x?} instead of {expected:02x?}")
            }
            Self::Size { rows, columns } => write!(f, "its images are {rows}x{columns}; MNIST's are {SIDE}x{SIDE}"),
            Self::Length { expected, found } => {
                write!(f, "its header announces {expected} bytes of data, but {found} follow")
            }
            Self::Label(label) => write!(f, "it holds the label {label}, which is no digit"),
        }
    }
}

impl std::error::Error for IdxError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Gzip(error) => Some(error),
            Self::Magic { .. } | Self::Size { .. } | Self::Length { .. } | Self::Label(_) => None,
        }
    }
}

/// The images in a gzipped file such as `test-images-idx3-ubyte.gz`.
pub(crate) fn images(gzip: &[u8]) -> Result<Vec<Image>, IdxError> {
    let bytes = unpack(gzip)?;
    let ([count, rows, columns], data) = header::<3>(&bytes)?;
    if [rows, columns] != [SIDE as u32; 2] {
        return Err(IdxError::Size { rows, columns });
    }
    let (images, rest) = data.as_chunks::<{ SIDE * SIDE }>();
    check_length(u64::from(count) * (SIDE * SIDE) as u64, data)?;
    debug_assert!(rest.is_empty(), "the length is a multiple of an image's");
    Ok(images.to_vec())
}

/// The labels in a gzipped file such as `test-labels-idx1-ubyte.gz`.
pub(crate) fn labels(gzip: &[u8]) -> Result<Vec<u8>, IdxError> {
    let bytes = unpack(gzip)?;
    let ([count], data) = header::<1>(&bytes)?;
    check_length(u64::from(count), data)?;
    match data.iter().find(|&&label| label > 9) {
        Some(&label) => Err(IdxError::Label(label)),
        None => Ok(data.to_vec()),
    }
}

fn unpack(gzip: &[u8]) -> Result<Vec<u8>, IdxError> {
    let mut bytes = Vec::new();
    GzDecoder::new(gzip).take(MAX_BYTES).read_to_end(&mut bytes).map_err(IdxError::Gzip)?;
    Ok(bytes)
}

/// Splits a file of unsigned bytes with `RANK` dimensions into the dimensions and the data.
fn header<const RANK: usize>(bytes: &[u8]) -> Result<([u32; RANK], &[u8]), IdxError> {
    let too_short = || IdxError::Length { expected: 4 * (1 + RANK as u64), found: bytes.len() as u64 };
    let (&found, mut rest) = bytes.split_first_chunk::<4>().ok_or_else(too_short)?;
    let expected = [0, 0, 8, RANK as u8];
    if found != expected {
        return Err(IdxError::Magic { expected, found });
    }
    let mut dimensions = [0; RANK];
    for dimension in &mut dimensions {
        let (&word, tail) = rest.split_first_chunk::<4>().ok_or_else(too_short)?;
        (*dimension, rest) = (u32::from_be_bytes(word), tail);
    }
    Ok((dimensions, rest))
}

fn check_length(expected: u64, data: &[u8]) -> Result<(), IdxError> {
    let found = data.len() as u64;
    if expected == found { Ok(()) } else { Err(IdxError::Length { expected, found }) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn image_file(count: u8, pixels: usize) -> Vec<u8> {
        let mut file = vec![0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28];
        file.extend((0..pixels).map(|i| (i / (SIDE * SIDE)) as u8 + 1));
        gzip(&file)
    }

    #[test]
    fn images_are_split() {
        let images = images(&image_file(2, 2 * 784)).unwrap();
        assert_eq!(images, [[1; 784], [2; 784]]);
    }

    #[test]
    fn labels_follow_the_header() {
        assert_eq!(labels(&gzip(&[0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9])).unwrap(), [7, 0, 9]);
    }

    #[test]
    fn what_is_no_idx_file_is_refused() {
        assert!(matches!(images(b"no gzip"), Err(IdxError::Gzip(_))));
        assert!(matches!(images(&gzip(&[0, 0, 8, 1, 0, 0, 0, 0])), Err(IdxError::Magic { found: [0, 0, 8, 1], .. })));
        assert!(matches!(images(&gzip(&[0, 0])), Err(IdxError::Length { .. })));
        assert!(matches!(labels(&gzip(&[0, 0, 8, 1, 0, 0])), Err(IdxError::Length { .. })));
        assert!(matches!(labels(&gzip(&[0, 0, 8, 1, 0, 0, 0, 1, 10])), Err(IdxError::Label(10))));
    }

    #[test]
    fn a_wrong_length_is_refused() {
        assert!(matches!(images(&image_file(2, 2 * 784 - 1)), Err(IdxError::Length { expected: 1568, found: 1567 })));
        assert!(matches!(images(&image_file(1, 2 * 784)), Err(IdxError::Length { .. })));
        let whole = image_file(2, 2 * 784);
        assert!(matches!(images(&whole[..whole.len() - 9]), Err(IdxError::Gzip(_))));
    }

    #[test]
    fn images_of_another_size_are_refused() {
        let file = gzip(&[0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 28]);
        assert!(matches!(images(&file), Err(IdxError::Size { rows: 32, columns: 28 })));
    }
}

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

/// Files that announce more are not unpacked. MNIST's largest file unpacks to 47 MB.
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
        /// Bytes that are there, as far as they were looked at: one more than announced stands for any number.
        found: u64,
    },
    /// The header announces so many bytes, more than are read.
    TooLong(u64),
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
            Self::Length { expected, found } if found > expected => {
                write!(f, "its header announces {expected} bytes of data, but more follow")
            }
            Self::Length { expected, found } => {
                write!(f, "its header announces {expected} bytes of data, but {found} follow")
            }
            Self::TooLong(expected) => {
                write!(f, "its header announces {expected} bytes of data, where {MAX_BYTES} are the most")
            }
            Self::Label(label) => write!(f, "it holds the label {label}, which is no digit"),
        }
    }
}

impl std::error::Error for IdxError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Gzip(error) => Some(error),
            Self::Magic { .. } | Self::Size { .. } | Self::Length { .. } | Self::TooLong(_) | Self::Label(_) => None,
        }
    }
}

/// The images in a gzipped file such as `test-images-idx3-ubyte.gz`.
pub(crate) fn images(gzip: &[u8]) -> Result<Vec<Image>, IdxError> {
    let mut unpacked = GzDecoder::new(gzip);
    let [count, rows, columns] = header(&mut unpacked)?;
    if [rows, columns] != [SIDE as u32; 2] {
        return Err(IdxError::Size { rows, columns });
    }
    let data = data(&mut unpacked, u64::from(count) * (SIDE * SIDE) as u64)?;
    Ok(data.as_chunks().0.to_vec())
}

/// The labels in a gzipped file such as `test-labels-idx1-ubyte.gz`.
pub(crate) fn labels(gzip: &[u8]) -> Result<Vec<u8>, IdxError> {
    let mut unpacked = GzDecoder::new(gzip);
    let [count] = header(&mut unpacked)?;
    let data = data(&mut unpacked, count.into())?;
    match data.iter().find(|&&label| label > 9) {
        Some(&label) => Err(IdxError::Label(label)),
        None => Ok(data),
    }
}

/// The dimensions of a file of unsigned bytes that has `RANK` of them.
fn header<const RANK: usize>(unpacked: &mut impl Read) -> Result<[u32; RANK], IdxError> {
    let length = 4 * (1 + RANK);
    let mut bytes = Vec::new();
    unpacked.take(length as u64).read_to_end(&mut bytes).map_err(IdxError::Gzip)?;
    let (words, expected) = (bytes.as_chunks::<4>().0, [0, 0, 8, RANK as u8]);
    match words.split_first() {
        Some((found, _)) if *found != expected => Err(IdxError::Magic { expected, found: *found }),
        Some((_, dimensions)) if bytes.len() == length => {
            Ok(std::array::from_fn(|i| u32::from_be_bytes(dimensions[i])))
        }
        _ => Err(IdxError::Length { expected: length as u64, found: bytes.len() as u64 }),
    }
}

/// What follows the header, which announces so many bytes. No more than that and a byte is unpacked.
fn data(unpacked: &mut impl Read, expected: u64) -> Result<Vec<u8>, IdxError> {
    if expected > MAX_BYTES {
        return Err(IdxError::TooLong(expected));
    }
    let mut data = Vec::new();
    let found = unpacked.take(expected + 1).read_to_end(&mut data).map_err(IdxError::Gzip)? as u64;
    if found == expected { Ok(data) } else { Err(IdxError::Length { expected, found }) }
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
    fn no_more_is_unpacked_than_is_announced() {
        let bomb = |count: u32| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&[0, 0, 8, 1]).unwrap();
            encoder.write_all(&count.to_be_bytes()).unwrap();
            (0..64).for_each(|_| encoder.write_all(&[0; 1 << 20]).unwrap());
            encoder.finish().unwrap()
        };
        let error = labels(&bomb(3)).unwrap_err();
        assert!(matches!(error, IdxError::Length { expected: 3, found: 4 }), "{error}");
        assert_eq!(error.to_string(), "its header announces 3 bytes of data, but more follow");
        assert!(matches!(labels(&bomb(u32::MAX)), Err(IdxError::TooLong(0xffff_ffff))));
        let file = gzip(&[0, 0, 8, 3, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 28, 0, 0, 0, 28]);
        assert!(matches!(images(&file), Err(IdxError::TooLong(_))));
    }

    #[test]
    fn images_of_another_size_are_refused() {
        let file = gzip(&[0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 28]);
        assert!(matches!(images(&file), Err(IdxError::Size { rows: 32, columns: 28 })));
    }
}

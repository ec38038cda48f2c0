//! The IDX format of the MNIST database.
//!
//! A file is two zero bytes, the type of its values (`08`: unsigned bytes), the number of dimensions, each dimension
//! as a big-endian `u32`, then the values, the last dimension running fastest. [`images`] and [`labels`]
//! read the two shapes of MNIST's files, `n x 28 x 28` and `n`; [`array()`] reads files of any shape.
//!
//! MNIST's files are usually gzipped. Unpacking is left to the caller, whose reader may be a stream: no more is read than
//! the header announces, and one byte.

use std::fmt;
use std::io::Read;

/// The side of an MNIST image.
pub const SIDE: usize = 28;

/// The grey levels of one digit, row by row: 0 is background, 255 is ink.
pub type Image = [u8; SIDE * SIDE];

/// Files that announce more are refused. MNIST's largest file has 47 MB.
const MAX_BYTES: u64 = 256 << 20;

/// Why a file is not a set of digits.
#[derive(Debug)]
#[non_exhaustive]
pub enum IdxError {
    /// The reader failed.
    Read(std::io::Error),
    /// The first four bytes are wrong.
    Magic {
        /// The bytes that the file should begin with.
        expected: [u8; 4],
        /// The bytes that it begins with.
        found: [u8; 4],
    },
    /// Images of a size other than 28x28.
    Size {
        /// Rows of an image.
        rows: u32,
        /// Columns of an image.
        columns: u32,
    },
    /// The header announces more or less data than follows.
    Length {
        /// Announced bytes.
        expected: u64,
        /// Bytes found. Reading stops one byte after the announced ones, so one more means any number more.
        found: u64,
    },
    /// The header announces this many bytes, which is over the limit.
    TooLong(u64),
    /// A label that is not a digit.
    Label(u8),
}

impl fmt::Display for IdxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => write!(f, "cannot be read: {error}"),
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
                write!(f, "its header announces {expected} bytes of data, but the limit is {MAX_BYTES}")
            }
            Self::Label(label) => write!(f, "it holds the label {label}, which is not a digit"),
        }
    }
}

impl std::error::Error for IdxError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read(error) => Some(error),
            Self::Magic { .. } | Self::Size { .. } | Self::Length { .. } | Self::TooLong(_) | Self::Label(_) => None,
        }
    }
}

/// Reads the images in a file such as `t10k-images-idx3-ubyte`.
///
/// # Errors
///
/// If the reader fails, or the file does not hold 28x28 images.
pub fn images(mut file: impl Read) -> Result<Vec<Image>, IdxError> {
    let [count, rows, columns] = header(&mut file)?;
    if [rows, columns] != [SIDE as u32; 2] {
        return Err(IdxError::Size { rows, columns });
    }
    let data = data(&mut file, u64::from(count) * (SIDE * SIDE) as u64)?;
    Ok(data.as_chunks().0.to_vec())
}

/// Reads the labels in a file such as `t10k-labels-idx1-ubyte`.
///
/// # Errors
///
/// If the reader fails, or the file does not hold digits from 0 to 9.
pub fn labels(mut file: impl Read) -> Result<Vec<u8>, IdxError> {
    let [count] = header(&mut file)?;
    let data = data(&mut file, count.into())?;
    match data.iter().find(|&&label| label > 9) {
        Some(&label) => Err(IdxError::Label(label)),
        None => Ok(data),
    }
}

/// A file of unsigned bytes of any shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array {
    /// How many there are in each direction; at least one direction.
    pub dimensions: Vec<usize>,
    /// The values, the last dimension running fastest.
    pub bytes: Vec<u8>,
}

/// Reads images or labels of other data sets, such as images of another size, or more than ten classes.
///
/// # Errors
///
/// If the reader fails, or the file does not hold unsigned bytes.
pub fn array(mut file: impl Read) -> Result<Array, IdxError> {
    let mut bytes = Vec::new();
    file.by_ref().take(4).read_to_end(&mut bytes).map_err(IdxError::Read)?;
    let Some(&begin) = bytes.first_chunk::<4>() else {
        return Err(IdxError::Length { expected: 4, found: bytes.len() as u64 });
    };
    let rank = begin[3];
    if begin[..3] != [0, 0, 8] || rank == 0 {
        return Err(IdxError::Magic { expected: [0, 0, 8, rank.max(1)], found: begin });
    }
    let mut sizes = Vec::new();
    let expected = 4 * u64::from(rank);
    file.by_ref().take(expected).read_to_end(&mut sizes).map_err(IdxError::Read)?;
    if sizes.len() as u64 != expected {
        return Err(IdxError::Length { expected: expected + 4, found: sizes.len() as u64 + 4 });
    }
    let dimensions: Vec<u32> = sizes.as_chunks().0.iter().map(|size| u32::from_be_bytes(*size)).collect();
    let announced = dimensions.iter().try_fold(1_u64, |product, size| product.checked_mul(u64::from(*size)));
    let bytes = data(&mut file, announced.unwrap_or(u64::MAX))?;
    Ok(Array { dimensions: dimensions.iter().map(|size| *size as usize).collect(), bytes })
}

/// The `RANK` dimensions of a file of unsigned bytes.
fn header<const RANK: usize>(file: &mut impl Read) -> Result<[u32; RANK], IdxError> {
    let length = 4 * (1 + RANK);
    let mut bytes = Vec::new();
    file.take(length as u64).read_to_end(&mut bytes).map_err(IdxError::Read)?;
    let (words, expected) = (bytes.as_chunks::<4>().0, [0, 0, 8, RANK as u8]);
    match words.split_first() {
        Some((found, _)) if *found != expected => Err(IdxError::Magic { expected, found: *found }),
        Some((_, dimensions)) if bytes.len() == length => {
            Ok(std::array::from_fn(|i| u32::from_be_bytes(dimensions[i])))
        }
        _ => Err(IdxError::Length { expected: length as u64, found: bytes.len() as u64 }),
    }
}

/// The data after the header, which announced `expected` bytes. At most one byte more is read.
fn data(file: &mut impl Read, expected: u64) -> Result<Vec<u8>, IdxError> {
    if expected > MAX_BYTES {
        return Err(IdxError::TooLong(expected));
    }
    let mut data = Vec::new();
    let found = file.take(expected + 1).read_to_end(&mut data).map_err(IdxError::Read)? as u64;
    if found == expected { Ok(data) } else { Err(IdxError::Length { expected, found }) }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn image_file(count: u8, pixels: usize) -> Vec<u8> {
        let mut file = vec![0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28];
        file.extend((0..pixels).map(|i| (i / (SIDE * SIDE)) as u8 + 1));
        file
    }

    #[test]
    fn images_are_split() {
        let images = images(&image_file(2, 2 * 784)[..]).unwrap();
        assert_eq!(images, [[1; 784], [2; 784]]);
    }

    #[test]
    fn labels_follow_the_header() {
        assert_eq!(labels(&[0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9][..]).unwrap(), [7, 0, 9]);
    }

    #[test]
    fn files_of_any_shape_are_read() {
        let file = [&[0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3][..], &[5, 6, 200]].concat();
        assert_eq!(array(&file[..]).unwrap(), Array { dimensions: vec![1, 3], bytes: vec![5, 6, 200] });
        for cut in [0, 3, 7, 11, 14] {
            assert!(matches!(array(&file[..cut]), Err(IdxError::Length { .. })), "{cut}");
        }
        assert!(matches!(array(&[0, 0, 9, 1, 0, 0, 0, 0][..]), Err(IdxError::Magic { .. })));
        assert!(matches!(array(&[0, 0, 8, 0][..]), Err(IdxError::Magic { .. })));
        let huge = [&[0, 0, 8, 3][..], &[0xff; 12]].concat();
        assert!(matches!(array(&huge[..]), Err(IdxError::TooLong(_))));
    }

    #[test]
    fn other_files_are_refused() {
        assert!(matches!(images(&[0, 0, 8, 1, 0, 0, 0, 0][..]), Err(IdxError::Magic { found: [0, 0, 8, 1], .. })));
        assert!(matches!(images(&[0, 0][..]), Err(IdxError::Length { .. })));
        assert!(matches!(labels(&[0, 0, 8, 1, 0, 0][..]), Err(IdxError::Length { .. })));
        assert!(matches!(labels(&[0, 0, 8, 1, 0, 0, 0, 1, 10][..]), Err(IdxError::Label(10))));
    }

    #[test]
    fn a_wrong_length_is_refused() {
        let short = image_file(2, 2 * 784 - 1);
        assert!(matches!(images(&short[..]), Err(IdxError::Length { expected: 1568, found: 1567 })));
        assert!(matches!(images(&image_file(1, 2 * 784)[..]), Err(IdxError::Length { .. })));
    }

    /// As a gzip decoder fails when its file is damaged.
    #[test]
    fn errors_of_the_reader_are_passed_on() {
        struct Damaged;
        impl Read for Damaged {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::InvalidData.into())
            }
        }
        assert!(matches!(images(Damaged), Err(IdxError::Read(_))));
        let file = image_file(2, 784);
        assert!(matches!(images((&file[..]).chain(Damaged)), Err(IdxError::Read(_))));
    }

    #[test]
    fn reading_stops_after_what_is_announced() {
        let endless = |count: u32| io::Cursor::new([[0, 0, 8, 1], count.to_be_bytes()].concat()).chain(io::repeat(0));
        let error = labels(endless(3)).unwrap_err();
        assert!(matches!(error, IdxError::Length { expected: 3, found: 4 }), "{error}");
        assert_eq!(error.to_string(), "its header announces 3 bytes of data, but more follow");
        assert!(matches!(labels(endless(u32::MAX)), Err(IdxError::TooLong(0xffff_ffff))));
        let file = [0, 0, 8, 3, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 28, 0, 0, 0, 28];
        assert!(matches!(images(&file[..]), Err(IdxError::TooLong(_))));
    }

    #[test]
    fn images_of_another_size_are_refused() {
        let file = [0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 28];
        assert!(matches!(images(&file[..]), Err(IdxError::Size { rows: 32, columns: 28 })));
    }
}

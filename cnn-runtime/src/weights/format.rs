//! The sizes of a safetensors file's header, and how files of other formats, given as weights by mistake, are recognised.

use core::fmt;

/// Formats that are given as weights by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Format {
    /// PyTorch's own format since 1.6, NumPy's `.npz`, Keras' `.keras`.
    Zip,
    /// PyTorch's own format before 1.6.
    Pickle,
    /// Keras' `.h5`.
    Hdf5,
    /// A single NumPy array.
    Npy,
    /// llama.cpp's format.
    Gguf,
    /// TensorFlow Lite's format.
    TfLite,
    /// Something compressed with gzip.
    Gzip,
    /// JSON, such as the index of a file in shards.
    Json,
    /// What Git LFS stores in place of a large file.
    LfsPointer,
    /// A web page, perhaps of a failed download.
    Html,
}

/// Bytes before the header, which hold its length.
pub(super) const LENGTH_BYTES: usize = 8;

/// The longest header of the format.
pub(super) const MOST_HEADER_BYTES: u64 = 100_000_000;

/// How many of the first bytes identify a file that is not a safetensors file.
pub(super) const SIGN_BYTES: usize = 64;

/// How files of other formats begin: the position and the bytes.
const SIGNS: &[(usize, &[u8], Format)] = &[
    (0, b"PK\x03\x04", Format::Zip),
    (0, b"\x89HDF\r\n\x1a\n", Format::Hdf5),
    (0, b"\x93NUMPY", Format::Npy),
    (0, b"GGUF", Format::Gguf),
    (4, b"TFL3", Format::TfLite),
    (0, b"\x1f\x8b", Format::Gzip),
    (0, b"{", Format::Json),
    (0, b"version https://git-lfs", Format::LfsPointer),
    (0, b"<!DOCTYPE", Format::Html),
    (0, b"<!doctype", Format::Html),
    (0, b"<html", Format::Html),
    (0, b"\x80\x02\x8a", Format::Pickle),
    (0, b"\x80\x02}", Format::Pickle),
    (0, b"\x80\x02c", Format::Pickle),
    (0, b"\x80\x04\x95", Format::Pickle),
    (0, b"\x80\x05\x95", Format::Pickle),
];

impl Format {
    /// The format of `bytes`, which are not a safetensors file.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let matches = |at: usize, sign: &[u8]| bytes.get(at..).is_some_and(|rest| rest.starts_with(sign));
        SIGNS.iter().find(|(at, sign, _)| matches(*at, sign)).map(|(.., format)| *format)
    }
}

/// What it looks like, and how to get a safetensors file from it.
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let looks = match self {
            Self::Zip => "this looks like a zip archive, such as PyTorch's .pt and .pth",
            Self::Pickle => "this looks like a pickle, such as PyTorch's old .pt and .pth",
            Self::Hdf5 => "this looks like HDF5, such as Keras' .h5",
            Self::Npy => "this looks like a NumPy array (.npy)",
            Self::Gguf => "this looks like GGUF",
            Self::TfLite => "this looks like a TensorFlow Lite model",
            Self::Gzip => return f.write_str("this looks like a file compressed with gzip; unpack it first"),
            Self::Json => {
                return f.write_str(
                    "this looks like JSON; an index of shards is read by `open`, with the shards beside it",
                );
            }
            Self::LfsPointer => {
                return f.write_str("this looks like a Git LFS pointer; fetch the file itself with `git lfs pull`");
            }
            Self::Html => return f.write_str("this looks like a web page, perhaps of a failed download"),
        };
        let export = match self {
            Self::Zip | Self::Pickle => "export it with `safetensors.torch.save_file(model.state_dict(), path)`",
            _ => "export it as safetensors, with PyTorch's names and shapes",
        };
        write!(f, "{looks}; {export}")
    }
}

//! Safetensors files as a list of tensors, whose values are read later.
//!
//! A file may come from anywhere, so nothing in it is trusted: the `safetensors` crate checks that the header fits the file
//! and that each tensor's shape fits its bytes, and what the crate does not check is checked before it is called.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::bytes::{Bytes, Content};
use super::error::Problem;
use super::format::Format;
use super::format::{LENGTH_BYTES, MOST_HEADER_BYTES, SIGN_BYTES};
use super::rename::{rename, rule_error};
use super::source::{Shard, Source};
use super::unreadable::{FileError, Unreadable};
use super::values::Stored;

/// The tensors of all files of a source, sorted by name.
pub(super) struct File<'f> {
    tensors: Vec<Entry<'f>>,
}

/// One tensor of a file.
pub(super) struct Entry<'f> {
    /// Its name after all rules.
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) dtype: Dtype,
    pub(super) bytes: Bytes<'f>,
}

impl<'f> File<'f> {
    /// Reads the headers.
    pub(super) fn open(source: &Source<'f>) -> Result<Self, Problem> {
        for rule in source.rename {
            if let Some(why) = rule_error(*rule) {
                return Err(Problem::Rule { from: rule.0.to_string(), to: rule.1.to_string(), why });
            }
        }
        let mut tensors = Vec::new();
        for shard in &source.shards {
            tensors.extend(open_shard(*shard).map_err(Problem::Unreadable)?);
        }
        for tensor in &mut tensors {
            tensor.name = rename(source.rename, core::mem::take(&mut tensor.name));
        }
        tensors.sort_by(|a: &Entry<'_>, b| a.name.cmp(&b.name));
        match tensors.windows(2).find(|pair| pair[0].name == pair[1].name) {
            Some([twice, ..]) => Err(Problem::Twice { name: twice.name.clone() }),
            _ => Ok(Self { tensors }),
        }
    }

    /// All tensors, by name.
    pub(super) fn tensors(&self) -> &[Entry<'f>] {
        &self.tensors
    }

    /// The index of the tensor of this name in [`tensors`](Self::tensors).
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.tensors.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok()
    }
}

impl<'f> Entry<'f> {
    /// The values, if they are of a type that can be a weight.
    pub(super) fn values(&self) -> Option<Stored<'f>> {
        Stored::new(self.bytes, self.dtype)
    }
}

/// The tensors of one file.
fn open_shard(shard: Shard<'_>) -> Result<Vec<Entry<'_>>, Unreadable> {
    let Shard { name, content } = shard;
    let fault = match parse(content) {
        Ok(entries) => return Ok(entries),
        Err(fault @ (Unreadable::Empty | Unreadable::File { .. })) => fault,
        Err(fault) => Format::of(&content.bytes(0..beginning(content, SIGN_BYTES))?).map_or(fault, Unreadable::Other),
    };
    Err(match (name, fault) {
        (Some(_), fault @ Unreadable::File { .. }) | (None, fault) => fault,
        (Some(name), fault) => Unreadable::File { path: name.to_string(), error: FileError::new(fault.to_string()) },
    })
}

fn parse(content: Content<'_>) -> Result<Vec<Entry<'_>>, Unreadable> {
    let header = header(content)?;
    if numbers(&header).any(|number| number > usize::MAX / 2) {
        return Err(Unreadable::Damaged("its header has a number that is larger than any file".to_string()));
    }
    let metadata: Metadata = serde_json::from_slice(&header).map_err(|error| Unreadable::Damaged(error.to_string()))?;
    let (first, len) = (LENGTH_BYTES + header.len(), metadata.data_len());
    let follow = content.len() - first as u64;
    if len as u64 != follow {
        let why = format!("its tensors take {len} bytes, but {follow} follow the header");
        return Err(Unreadable::Damaged(why));
    }
    Ok(metadata
        .tensors()
        .into_iter()
        .map(|(name, info)| {
            let (start, end) = info.data_offsets;
            let bytes = Bytes::new(content, first + start..first + end);
            Entry { name, shape: info.shape.clone(), dtype: info.dtype, bytes }
        })
        .collect())
}

/// The first bytes, at most `most`.
fn beginning(content: Content<'_>, most: usize) -> usize {
    // At most `most`.
    content.len().min(most as u64) as usize
}

/// The JSON header, after the 8 bytes that hold its length.
fn header(content: Content<'_>) -> Result<Vec<u8>, Unreadable> {
    if content.len() == 0 {
        return Err(Unreadable::Empty);
    }
    let file = usize::try_from(content.len()).unwrap_or(usize::MAX);
    let start = content.bytes(0..beginning(content, LENGTH_BYTES))?;
    let length = start.try_into().map(u64::from_le_bytes).map_err(|_| Unreadable::Truncated { header: 0, file })?;
    if length > content.len() - LENGTH_BYTES as u64 {
        return Err(Unreadable::Truncated { header: length, file });
    }
    if length > MOST_HEADER_BYTES {
        let why = format!("its header is {length} bytes long, expected at most {MOST_HEADER_BYTES}");
        return Err(Unreadable::Damaged(why));
    }
    content.bytes(LENGTH_BYTES..LENGTH_BYTES + length as usize)
}

/// All whole numbers in a JSON text that are not in a string; larger ones become [`usize::MAX`].
///
/// A header has only dimensions and offsets, so with these checked, positions in the file can be added without overflow.
fn numbers(json: &[u8]) -> impl Iterator<Item = usize> {
    let mut quoted = false;
    let mut escaped = false;
    let mut number = 0_usize;
    json.iter().map(move |&byte| {
        let digit = (byte.is_ascii_digit() && !quoted).then(|| usize::from(byte - b'0'));
        number = digit.map_or(0, |digit| number.saturating_mul(10).saturating_add(digit));
        quoted ^= byte == b'"' && !escaped;
        escaped = quoted && byte == b'\\' && !escaped;
        number
    })
}

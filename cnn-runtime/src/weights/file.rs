//! Safetensors files as a list of tensors whose values are read in place.
//!
//! A file may come from anywhere, so nothing in it is believed: the `safetensors` crate checks that the header fits
//! the file and that each tensor's shape fits its bytes, and what the crate leaves open is checked before it is called.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use half::{bf16, f16};
use safetensors::{Dtype, SafeTensors};

use super::error::{Format, Problem, Unreadable};
use super::rename::{rename, rule_error};
use super::source::{Shard, Source};

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
    pub(super) bytes: &'f [u8],
}

/// The values of a tensor, in a type that can be a weight.
#[derive(Clone, Copy)]
pub(super) struct Values<'f> {
    bytes: &'f [u8],
    kind: Kind,
}

/// The types that are accepted.
#[derive(Clone, Copy)]
enum Kind {
    F32,
    F16,
    Bf16,
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

    /// The tensor of this name.
    pub(super) fn get(&self, name: &str) -> Option<&Entry<'f>> {
        self.position(name).map(|position| &self.tensors[position])
    }

    /// Where the tensor of this name is in [`tensors`](Self::tensors).
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.tensors.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok()
    }
}

impl<'f> Entry<'f> {
    /// The values, if they are of a type that can be a weight.
    pub(super) fn values(&self) -> Option<Values<'f>> {
        let kind = match self.dtype {
            Dtype::F32 => Kind::F32,
            Dtype::F16 => Kind::F16,
            Dtype::BF16 => Kind::Bf16,
            _ => return None,
        };
        Some(Values { bytes: self.bytes, kind })
    }
}

impl<'f> Values<'f> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() / self.kind.size()
    }

    /// One of them.
    pub(super) fn at(&self, index: usize) -> f32 {
        match self.kind {
            Kind::F32 => f32::from_le_bytes(element(self.bytes, index)),
            Kind::F16 => f16::from_le_bytes(element(self.bytes, index)).to_f32(),
            Kind::Bf16 => bf16::from_le_bytes(element(self.bytes, index)).to_f32(),
        }
    }

    /// Their bytes, if they are of the type that is computed with.
    pub(super) fn f32s(&self) -> Option<&'f [[u8; 4]]> {
        matches!(self.kind, Kind::F32).then(|| self.bytes.as_chunks().0)
    }

    /// Whether one of them is so, without a branch for each.
    pub(super) fn any(self, is: impl Fn(f32) -> bool) -> bool {
        match self.f32s() {
            Some(floats) => floats
                .chunks(1024)
                .any(|some| some.iter().fold(false, |any, float| any | is(f32::from_le_bytes(*float)))),
            None => self.iter().any(is),
        }
    }

    /// The bytes that they are read from.
    pub(super) fn bytes(&self) -> &'f [u8] {
        self.bytes
    }

    /// All of them.
    pub(super) fn iter(self) -> impl Iterator<Item = f32> + 'f {
        (0..self.len()).map(move |index| self.at(index))
    }
}

impl Kind {
    fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }
}

/// The bytes of an element. They need not be aligned: the header is of any length.
fn element<const N: usize>(bytes: &[u8], index: usize) -> [u8; N] {
    bytes.as_chunks().0[index]
}

/// The tensors of one file.
fn open_shard(shard: Shard<'_>) -> Result<Vec<Entry<'_>>, Unreadable> {
    let Shard { name, bytes } = shard;
    let fault = if bytes.is_empty() {
        Unreadable::Empty
    } else {
        match parse(bytes) {
            Ok(entries) => return Ok(entries),
            Err(fault) => Format::of(bytes).map_or(fault, Unreadable::Other),
        }
    };
    Err(match name {
        Some(name) => Unreadable::File { path: name.to_string(), error: fault.to_string() },
        None => fault,
    })
}

fn parse(bytes: &[u8]) -> Result<Vec<Entry<'_>>, Unreadable> {
    let header = header(bytes)?;
    if numbers(header).any(|number| number > usize::MAX / 2) {
        return Err(Unreadable::Damaged("its header has a number that is larger than any file".to_string()));
    }
    let file = SafeTensors::deserialize(bytes).map_err(|error| Unreadable::Damaged(error.to_string()))?;
    let tensors = file.tensors().into_iter();
    Ok(tensors
        .map(|(name, view)| Entry { name, shape: view.shape().to_vec(), dtype: view.dtype(), bytes: view.data() })
        .collect())
}

/// The JSON header, after the 8 bytes that tell its length.
fn header(bytes: &[u8]) -> Result<&[u8], Unreadable> {
    let truncated = |header| Unreadable::Truncated { header, file: bytes.len() };
    let (length, rest) = bytes.split_first_chunk().ok_or(truncated(0))?;
    let length = u64::from_le_bytes(*length);
    usize::try_from(length).ok().and_then(|length| rest.get(..length)).ok_or(truncated(length))
}

/// All whole numbers of a JSON text that are not in a string; [`usize::MAX`] stands for larger ones.
///
/// A header has none but dimensions and offsets. The `safetensors` crate adds the length of the header to the last offset
/// before it compares the sum with the length of the file, so an offset near the largest number would overflow there.
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

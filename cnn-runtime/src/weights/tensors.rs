//! Files of tensors that belong to no net: inputs, or the results of another program.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

use super::error::Problem;
use super::file::{Entry, File};
use super::source::Source;

/// The tensors of safetensors files, sorted by name. Numbers are read on demand.
///
/// ```
/// use cnn_runtime::weights::{Source, Tensors};
///
/// # let header = br#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
/// # let file = [&(header.len() as u64).to_le_bytes(), &header[..], &2.5_f32.to_le_bytes()].concat();
/// let tensors = Tensors::open(&Source::new(&file)).unwrap();
/// assert_eq!(tensors.shape("x"), Some(&[1][..]));
/// assert_eq!(tensors.read("x"), Ok(Some(vec![2.5])));
/// ```
pub struct Tensors<'a>(File<'a>);

impl<'a> Tensors<'a> {
    /// Reads the headers.
    ///
    /// # Errors
    ///
    /// [`Problem::Unreadable`], [`Problem::Rule`] or [`Problem::Twice`].
    pub fn open(source: &Source<'a>) -> Result<Self, Problem> {
        File::open(source).map(Self)
    }

    /// The names, sorted.
    #[must_use]
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.tensors().iter().map(|entry| entry.name.as_str())
    }

    /// The shape of a tensor; `None` if there is none of this name.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.entry(name).map(|entry| entry.shape.as_slice())
    }

    /// The numbers of a tensor of F32, F16 or BF16; `None` if there is none of this name.
    ///
    /// # Errors
    ///
    /// [`Problem::Mistyped`] for other types; [`Problem::Unreadable`] if the file can no longer be read.
    pub fn read(&self, name: &str) -> Result<Option<Vec<f32>>, Problem> {
        let Some(entry) = self.entry(name) else { return Ok(None) };
        let mistyped = || Problem::Mistyped { name: name.to_string(), dtype: entry.dtype.to_string() };
        let stored = entry.values().ok_or_else(mistyped)?;
        let mut floats = Vec::with_capacity(stored.len());
        stored
            .each(|_, values| values.for_each(|value| floats.push(value)))
            .map(|_| Some(floats))
            .map_err(Problem::Unreadable)
    }

    fn entry(&self, name: &str) -> Option<&Entry<'a>> {
        self.0.position(name).map(|position| &self.0.tensors()[position])
    }
}

impl fmt::Debug for Tensors<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensors({} tensors)", self.0.tensors().len())
    }
}

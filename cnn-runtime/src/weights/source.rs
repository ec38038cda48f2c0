//! Where weights are read from.

use alloc::vec::Vec;
use core::fmt;

use super::bytes::Content;
#[cfg(feature = "std")]
use super::files::Files;

/// The safetensors files of a model, and how they are read: under which names, and who is told how far it is.
///
/// ```
/// use cnn_runtime::weights::Source;
///
/// # let (first, second) = (Vec::new(), Vec::new());
/// let source = Source::new(&first);
/// let sharded = Source::shards([&first[..], &second[..]]);
/// let renamed = source.rename(&[("module.*", "*")]);
/// ```
///
/// # Renaming
///
/// A rule is a pattern and what becomes of it: `("module.*", "*")` takes a prefix away, `("*.gamma", "*.weight")` changes
/// an end, `("head.bias", "fc.bias")` one name. A `*` stands for any text, in the second part for what it stood for in the
/// first; each part has one at most. Each tensor passes all rules in order; a rule that does not match it leaves it alone.
#[derive(Clone)]
pub struct Source<'a> {
    pub(super) shards: Vec<Shard<'a>>,
    pub(super) rename: &'a [(&'a str, &'a str)],
    progress: Option<&'a dyn Fn(Progress)>,
}

/// One file.
#[derive(Clone, Copy)]
pub(super) struct Shard<'a> {
    /// Its name, where there are several.
    pub(super) name: Option<&'a str>,
    pub(super) content: Content<'a>,
}

/// How far the reading of weights is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of tensors that were read, in all passes.
    pub done: u64,
    /// Bytes that will have been read in the end.
    pub total: u64,
}

impl<'a> Source<'a> {
    /// One safetensors file, in memory.
    pub fn new(file: &'a [u8]) -> Self {
        Self::shards([file])
    }

    /// A model whose tensors are in several safetensors files, in memory.
    pub fn shards(files: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self::of(files.into_iter().map(|file| Shard { name: None, content: Content::Memory(file) }))
    }

    fn of(shards: impl Iterator<Item = Shard<'a>>) -> Self {
        Self { shards: shards.collect(), rename: &[], progress: None }
    }

    /// Files on a disk.
    #[cfg(feature = "std")]
    pub(super) fn files(files: &'a Files) -> Self {
        Self::of(files.shards())
    }

    /// Reads tensors under other names: see [Renaming](Self#renaming).
    #[must_use]
    pub fn rename(self, rules: &'a [(&'a str, &'a str)]) -> Self {
        Self { rename: rules, ..self }
    }

    /// Tells `report` how far it is, after each tensor.
    #[must_use]
    pub fn on_progress(self, report: &'a dyn Fn(Progress)) -> Self {
        Self { progress: Some(report), ..self }
    }

    /// Called when so much was read.
    pub(super) fn tell(&self, progress: Progress) {
        if let Some(report) = self.progress {
            report(progress);
        }
    }
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({} files, {} rules)", self.shards.len(), self.rename.len())
    }
}

//! Where weights are read from.

use alloc::vec::Vec;
use core::fmt;

use super::bytes::Content;

/// The safetensors files of a model, and how to read them: under which names, and with a listener for progress.
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
/// A rule is a pattern and its replacement: `("module.*", "*")` removes a prefix, `("*.gamma", "*.weight")` changes an end,
/// `("head.bias", "fc.bias")` one name. A `*` in the pattern matches any text, and a `*` in the replacement is that text;
/// each part has at most one. All rules are applied to each tensor in order; a rule that does not match leaves its name alone.
#[derive(Clone)]
pub struct Source<'a> {
    pub(super) shards: Vec<Shard<'a>>,
    pub(super) rename: &'a [(&'a str, &'a str)],
    progress: Option<&'a dyn Fn(Progress)>,
}

/// One file.
#[derive(Clone, Copy)]
pub(super) struct Shard<'a> {
    /// Its name, if there are several.
    pub(super) name: Option<&'a str>,
    pub(super) content: Content<'a>,
}

/// The progress of reading weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of tensors that were read, in all passes.
    pub done: u64,
    /// Bytes that will have been read at the end.
    pub total: u64,
}

impl<'a> Source<'a> {
    /// One safetensors file, in memory.
    #[must_use]
    pub fn new(file: &'a [u8]) -> Self {
        Self::shards([file])
    }

    /// A model whose tensors are in several safetensors files, in memory.
    pub fn shards(files: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self::of(files.into_iter().map(|file| Shard { name: None, content: Content::Memory(file) }))
    }

    pub(super) fn of(shards: impl Iterator<Item = Shard<'a>>) -> Self {
        Self { shards: shards.collect(), rename: &[], progress: None }
    }

    /// Reads tensors under other names: see [Renaming](Self#renaming).
    #[must_use]
    pub fn rename(self, rules: &'a [(&'a str, &'a str)]) -> Self {
        Self { rename: rules, ..self }
    }

    /// Calls `report` with the progress after each tensor.
    #[must_use]
    pub fn on_progress(self, report: &'a dyn Fn(Progress)) -> Self {
        Self { progress: Some(report), ..self }
    }

    /// Called when this much was read.
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

//! Ranges of the floats that all images of a minibatch share.

use crate::place::bounds::{assert_product, product};

/// Floats next to each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    offset: usize,
    len: usize,
}

impl Span {
    /// A product of numbers of floats from `offset` on.
    ///
    /// # Panics
    ///
    /// If there can't be as many.
    pub(crate) const fn new(offset: usize, factors: &[usize]) -> Self {
        assert_product(factors);
        let Some(len) = product(factors) else { panic!("sizes overflow") };
        let Some(_) = offset.checked_add(len) else { panic!("sizes overflow") };
        Self { offset, len }
    }

    /// The same where there may be none.
    pub(crate) const fn optional(offset: Option<usize>, factors: &[usize]) -> Self {
        match offset {
            Some(offset) => Self::new(offset, factors),
            None => Self { offset: 0, len: 0 },
        }
    }

    const fn end(&self) -> usize {
        self.offset + self.len
    }

    const fn is_apart(&self, other: &Self) -> bool {
        self.len == 0 || other.len == 0 || self.end() <= other.offset || other.end() <= self.offset
    }
}

/// Panics unless what is written is apart from the rest of it, and from all that is read.
pub(crate) const fn assert_apart(written: &[Span], read: &[Span]) {
    let mut i = 0;
    while i < written.len() {
        let mut j = i + 1;
        while j < written.len() {
            assert!(written[i].is_apart(&written[j]), "what is written overlaps");
            j += 1;
        }
        let mut j = 0;
        while j < read.len() {
            assert!(written[i].is_apart(&read[j]), "what is read overlaps what is written");
            j += 1;
        }
        i += 1;
    }
}

/// Where the shared floats are, if all spans are among them.
///
/// # Panics
///
/// If they are not.
#[inline(always)]
pub(crate) fn enter_shared(shared: &mut [f32], spans: &[&[Span]]) -> *mut f32 {
    for span in spans.iter().copied().flatten() {
        assert!(span.end() <= shared.len(), "the shared floats end early");
    }
    shared.as_mut_ptr()
}

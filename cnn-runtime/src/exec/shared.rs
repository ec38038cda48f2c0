//! What a net reads and others read, too: its weights, and the threads that it runs on.

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
use alloc::sync::Arc;
use core::ops::Deref;

/// A `T` that is borrowed for `'a`, or whose ownership is shared.
///
/// Whatever takes `impl Into<Shared<T>>` takes a reference or, on targets with atomics and an allocator, an `Arc`. A net whose
/// weights are in an `Arc` borrows nothing: it is `'static`, and can be a field next to them, or move to another thread.
#[derive(Debug)]
#[non_exhaustive]
pub enum Shared<'a, T> {
    /// Someone else's.
    Borrowed(&'a T),
    /// Dropped with its last owner.
    #[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
    Counted(Arc<T>),
}

impl<T> Deref for Shared<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match self {
            Self::Borrowed(value) => value,
            #[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
            Self::Counted(value) => value,
        }
    }
}

/// The same value, not a copy of it.
impl<T> Clone for Shared<'_, T> {
    fn clone(&self) -> Self {
        match self {
            Self::Borrowed(value) => Self::Borrowed(value),
            #[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
            Self::Counted(value) => Self::Counted(Arc::clone(value)),
        }
    }
}

impl<'a, T> From<&'a T> for Shared<'a, T> {
    fn from(value: &'a T) -> Self {
        Self::Borrowed(value)
    }
}

/// What was leaked, or is in a cell that gives it out once.
impl<'a, T> From<&'a mut T> for Shared<'a, T> {
    fn from(value: &'a mut T) -> Self {
        Self::Borrowed(value)
    }
}

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
impl<T> From<Arc<T>> for Shared<'_, T> {
    fn from(value: Arc<T>) -> Self {
        Self::Counted(value)
    }
}

/// Another owner of the same value.
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
impl<T> From<&Arc<T>> for Shared<'_, T> {
    fn from(value: &Arc<T>) -> Self {
        Self::Counted(Arc::clone(value))
    }
}

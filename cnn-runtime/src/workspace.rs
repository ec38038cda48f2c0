//! The memory that a net computes in.

use core::ops::{Deref, DerefMut};

/// Floats behind the last value of a workspace: kernels load whole vectors, also where the last channels are few.
pub const SLACK: usize = 16;

/// The workspace of a net: `N` floats, zeros at first. One per thread that runs the net.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Workspace<const N: usize>([f32; N]);

impl<const N: usize> Workspace<N> {
    /// A workspace of zeros; can stand in a `static`.
    #[expect(clippy::new_without_default, reason = "a default on the stack would invite overflows of large nets")]
    pub const fn new() -> Self {
        Self([0.0; N])
    }

    /// All floats.
    pub const fn floats(&mut self) -> &mut [f32] {
        &mut self.0
    }

    /// `LEN` floats from `OFFSET`, which a call with other constants than the plan's would refuse to compile.
    pub fn array<const OFFSET: usize, const LEN: usize>(&self) -> &[f32; LEN] {
        const { assert!(OFFSET + LEN <= N) };
        // SAFETY: the range was checked against `N` just above, at compile time.
        unsafe { &*self.0.as_ptr().add(OFFSET).cast() }
    }
}

/// The workspace of a large net, which would not fit on a stack: on the heap, or wherever the caller has it.
#[derive(Debug)]
pub enum Place<'a, const N: usize> {
    /// In memory of the caller's.
    Borrowed(&'a mut Workspace<N>),
    /// On the heap.
    #[cfg(feature = "alloc")]
    Boxed(alloc::boxed::Box<Workspace<N>>),
}

impl<const N: usize> Place<'_, N> {
    /// A workspace on the heap.
    #[cfg(feature = "alloc")]
    pub fn heap() -> Self {
        Self::Boxed(zeroed())
    }
}

impl<const N: usize> Deref for Place<'_, N> {
    type Target = Workspace<N>;

    fn deref(&self) -> &Workspace<N> {
        match self {
            Self::Borrowed(workspace) => workspace,
            #[cfg(feature = "alloc")]
            Self::Boxed(workspace) => workspace,
        }
    }
}

impl<const N: usize> DerefMut for Place<'_, N> {
    fn deref_mut(&mut self) -> &mut Workspace<N> {
        match self {
            Self::Borrowed(workspace) => workspace,
            #[cfg(feature = "alloc")]
            Self::Boxed(workspace) => workspace,
        }
    }
}

/// A box of zeros that was never on the stack.
#[cfg(feature = "alloc")]
fn zeroed<const N: usize>() -> alloc::boxed::Box<Workspace<N>> {
    // SAFETY: a workspace is an array of floats, and zero bytes are the float 0.
    unsafe { alloc::boxed::Box::new_zeroed().assume_init() }
}

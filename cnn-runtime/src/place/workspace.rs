//! The memory that a net computes in.

use core::ops::{Deref, DerefMut};

/// Floats after the last value of a workspace: kernels load whole vectors, even where the last channels don't fill one.
pub const SLACK: usize = 16;

/// The images of one pass. Each has a workspace of the same layout, which begins a fixed distance after that of the previous
/// image.
///
/// Up to that distance it is the image's own; the next image may overwrite what follows. So kernels that need more run image by
/// image, and before all kernels that need less: see `plan/batch.rs` in the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// How many.
    pub images: usize,
    /// Floats from the workspace of one to that of the next.
    pub floats: usize,
}

impl Batch {
    /// A single image, which has the whole workspace.
    pub const fn one(workspace: &[f32]) -> Self {
        Self { images: 1, floats: workspace.len() }
    }

    /// The workspace of an image and those of the images after it, which must not have begun.
    ///
    /// # Panics
    ///
    /// If it has none.
    pub fn from_image(self, image: usize, workspace: &mut [f32]) -> &mut [f32] {
        &mut workspace[image * self.floats..]
    }

    /// Each image's own part of its workspace.
    ///
    /// # Panics
    ///
    /// If an image has none.
    pub fn split(self, workspace: &mut [f32]) -> impl Iterator<Item = &mut [f32]> {
        workspace.chunks_exact_mut(self.floats).take(self.images)
    }

    /// Copies `len` floats from offset `from` in the workspace of each image next to each other, to offset `to`.
    ///
    /// # Panics
    ///
    /// If they are outside the workspace.
    pub fn gather(self, from: usize, len: usize, to: usize, workspace: &mut [f32]) {
        for image in 0..self.images {
            let start = image * self.floats + from;
            workspace.copy_within(start..start + len, to + image * len);
        }
    }
}

/// The workspace of a net: `N` floats, zeros at first. One per thread that runs the net.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Workspace<const N: usize>([f32; N]);

impl<const N: usize> Workspace<N> {
    /// A workspace of zeros; can be in a `static`.
    #[expect(clippy::new_without_default, reason = "a default on the stack would invite overflows of large nets")]
    pub const fn new() -> Self {
        Self([0.0; N])
    }

    /// All floats.
    pub const fn floats(&mut self) -> &mut [f32] {
        &mut self.0
    }

    /// `IMAGES` arrays of `LEN` floats from `OFFSET`. A call with constants that don't fit the workspace does not compile.
    pub fn arrays<const OFFSET: usize, const LEN: usize, const IMAGES: usize>(&self) -> &[[f32; LEN]; IMAGES] {
        const { assert!(OFFSET + LEN * IMAGES <= N) };
        // SAFETY: the range was checked against `N` just above, at compile time.
        unsafe { &*self.0.as_ptr().add(OFFSET).cast() }
    }

    /// `LEN` floats from `OFFSET`. A call with constants that don't fit the workspace does not compile.
    pub fn array<const OFFSET: usize, const LEN: usize>(&self) -> &[f32; LEN] {
        const { assert!(OFFSET + LEN <= N) };
        // SAFETY: the range was checked against `N` just above, at compile time.
        unsafe { &*self.0.as_ptr().add(OFFSET).cast() }
    }
}

#[cfg(feature = "alloc")]
// SAFETY: it is an array of floats, and zero bytes are the float 0.
unsafe impl<const N: usize> crate::place::heap::Zero for Workspace<N> {}

/// The workspace of a large net, which would not fit on a stack: on the heap, or wherever the caller puts it.
#[derive(Debug)]
pub enum Place<'a, const N: usize> {
    /// In the caller's memory.
    Borrowed(&'a mut Workspace<N>),
    /// On the heap.
    #[cfg(feature = "alloc")]
    Heap(crate::place::heap::Heap<Workspace<N>>),
}

impl<const N: usize> Place<'_, N> {
    /// A workspace on the heap.
    #[cfg(feature = "alloc")]
    pub fn heap() -> Self {
        Self::Heap(crate::place::heap::Heap::zeroed())
    }
}

impl<const N: usize> Deref for Place<'_, N> {
    type Target = Workspace<N>;

    fn deref(&self) -> &Workspace<N> {
        match self {
            Self::Borrowed(workspace) => workspace,
            #[cfg(feature = "alloc")]
            Self::Heap(workspace) => workspace,
        }
    }
}

impl<const N: usize> DerefMut for Place<'_, N> {
    fn deref_mut(&mut self) -> &mut Workspace<N> {
        match self {
            Self::Borrowed(workspace) => workspace,
            #[cfg(feature = "alloc")]
            Self::Heap(workspace) => workspace,
        }
    }
}

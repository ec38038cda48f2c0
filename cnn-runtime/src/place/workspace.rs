//! The memory that a net computes in.

use core::ops::{Deref, DerefMut};

/// Floats behind the last value of a workspace: kernels load whole vectors, also where the last channels are few.
pub const SLACK: usize = 16;

/// The images of one pass. Each has a workspace of the same layout, which begins a fixed distance behind that of the image
/// before it.
///
/// Up to that distance it is the image's own; what lies behind, the next image may write over. So kernels that need more run for
/// one image after the other, and before all that need less: see `plan/batch.rs` of the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// How many.
    pub images: usize,
    /// Floats from the workspace of one to that of the next.
    pub floats: usize,
}

impl Batch {
    /// A single image, whose workspace is all there is.
    pub const fn one(workspace: &[f32]) -> Self {
        Self { images: 1, floats: workspace.len() }
    }

    /// The workspace of an image, and those of the images behind it, which must not have begun.
    ///
    /// # Panics
    ///
    /// If it has none.
    pub fn from_image(self, image: usize, workspace: &mut [f32]) -> &mut [f32] {
        &mut workspace[image * self.floats..]
    }

    /// What is their own of the workspaces of the images.
    ///
    /// # Panics
    ///
    /// If an image has none.
    pub fn split(self, workspace: &mut [f32]) -> impl Iterator<Item = &mut [f32]> {
        workspace.chunks_exact_mut(self.floats).take(self.images)
    }

    /// Brings `len` floats from offset `from` in the workspace of each image next to each other, at offset `to`.
    ///
    /// # Panics
    ///
    /// If they lie outside of the workspace.
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
    /// A workspace of zeros; can stand in a `static`.
    #[expect(clippy::new_without_default, reason = "a default on the stack would invite overflows of large nets")]
    pub const fn new() -> Self {
        Self([0.0; N])
    }

    /// All floats.
    pub const fn floats(&mut self) -> &mut [f32] {
        &mut self.0
    }

    /// `IMAGES` arrays of `LEN` floats from `OFFSET`, which a call with other constants than the plan's would refuse to
    /// compile.
    pub fn arrays<const OFFSET: usize, const LEN: usize, const IMAGES: usize>(&self) -> &[[f32; LEN]; IMAGES] {
        const { assert!(OFFSET + LEN * IMAGES <= N) };
        // SAFETY: the range was checked against `N` just above, at compile time.
        unsafe { &*self.0.as_ptr().add(OFFSET).cast() }
    }

    /// `LEN` floats from `OFFSET`, which a call with other constants than the plan's would refuse to compile.
    pub fn array<const OFFSET: usize, const LEN: usize>(&self) -> &[f32; LEN] {
        const { assert!(OFFSET + LEN <= N) };
        // SAFETY: the range was checked against `N` just above, at compile time.
        unsafe { &*self.0.as_ptr().add(OFFSET).cast() }
    }
}

#[cfg(feature = "alloc")]
// SAFETY: it is an array of floats, and zero bytes are the float 0.
unsafe impl<const N: usize> crate::place::heap::Zero for Workspace<N> {}

/// The workspace of a large net, which would not fit on a stack: on the heap, or wherever the caller has it.
#[derive(Debug)]
pub enum Place<'a, const N: usize> {
    /// In memory of the caller's.
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

//! The memory that a net computes in.

#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::ops::DerefMut;

use crate::place::floats::{Floats, Zero};

/// Floats after the last value of a workspace: kernels load whole vectors, even where the last channels don't fill one.
pub const SLACK: usize = 16;

/// The images of one pass. Each has a workspace of the same layout, which begins a fixed distance after that of the previous
/// image.
///
/// Up to that distance it is the image's own; what follows is shared with the images after it. So kernels that need more run image by
/// image, before all kernels that need less, or after them, and then for the last image first: see `plan/batch.rs` in the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// How many.
    pub images: usize,
    /// Floats from the workspace of one to that of the next.
    pub floats: usize,
}

impl Batch {
    /// A single image, which has the whole workspace.
    #[must_use]
    pub const fn one(workspace: &[f32]) -> Self {
        Self { images: 1, floats: workspace.len() }
    }

    /// The same for this many images, if that is fewer.
    #[must_use]
    pub const fn at_most(self, images: usize) -> Self {
        Self { images: if images < self.images { images } else { self.images }, ..self }
    }

    /// The images, numbered.
    pub fn each<T>(self, images: &[T]) -> impl Iterator<Item = (usize, &T)> {
        images.iter().enumerate().take(self.images)
    }

    /// The first `images` of these, the last one first.
    ///
    /// Of a constant, the optimiser knows that none is beyond the workspace.
    pub fn last_first(self, images: usize) -> impl Iterator<Item = usize> {
        (0..self.images).rev().filter(move |image| *image < images)
    }

    /// The workspace of an image and those of the images after it, which must not have begun, or be done.
    ///
    /// # Panics
    ///
    /// If there is none.
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

    /// Copies `len` floats from offset `from` in the [workspace of an image](Self::from_image) to where those of all images are next
    /// to each other, from offset `to` on in that of the first.
    ///
    /// Plans keep both within the workspace; nothing is copied elsewhere.
    pub fn gather(self, image: usize, from: usize, len: usize, to: usize, workspace: &mut [f32]) {
        let end = from.saturating_add(len);
        let target = (to + image * len).wrapping_sub(image * self.floats);
        let is_inside = end <= workspace.len() && target <= workspace.len().wrapping_sub(len);
        debug_assert!(is_inside, "what leaves the net is in the workspace");
        // The optimiser sees that this can't panic.
        if is_inside && len <= workspace.len() {
            workspace.copy_within(from..end, target);
        }
    }
}

/// The workspace of a net: `N` floats, zeros at first. One per thread that runs the net.
///
/// It can be a field, a `static` (which takes no room in the program file, since it is all zeros), or on the heap. What is in it
/// does not matter to a net: nets can take turns in one workspace.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Workspace<const N: usize>([f32; N]);

impl<const N: usize> Workspace<N> {
    /// A workspace of zeros; can be in a `static`.
    #[expect(clippy::new_without_default, reason = "a default on the stack would invite overflows of large nets")]
    #[must_use]
    pub const fn new() -> Self {
        Self([0.0; N])
    }

    /// A workspace of zeros on the heap, which was never on the stack.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn boxed() -> Box<Self> {
        crate::place::heap::zeroed_box()
    }

    /// All floats.
    pub const fn floats(&mut self) -> &mut [f32] {
        &mut self.0
    }

    /// All floats, to read them.
    #[must_use]
    pub const fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// `IMAGES` arrays of `LEN` floats from `OFFSET`. A call with constants that don't fit the workspace does not compile.
    #[must_use]
    pub fn arrays<const OFFSET: usize, const LEN: usize, const IMAGES: usize>(&self) -> &[[f32; LEN]; IMAGES] {
        const { assert!(OFFSET + LEN * IMAGES <= N) };
        // SAFETY: the range was checked against `N` just above, at compile time.
        unsafe { &*self.0.as_ptr().add(OFFSET).cast() }
    }

    /// `LEN` floats from `OFFSET`. A call with constants that don't fit the workspace does not compile.
    #[must_use]
    pub fn array<const OFFSET: usize, const LEN: usize>(&self) -> &[f32; LEN] {
        const { assert!(OFFSET + LEN <= N) };
        // SAFETY: the range was checked against `N` just above, at compile time.
        unsafe { &*self.0.as_ptr().add(OFFSET).cast() }
    }
}

// SAFETY: it is an array of floats, and zero bytes are the float 0.
unsafe impl<const N: usize> Zero for Workspace<N> {}

impl<const N: usize> Floats for Workspace<N> {
    const ZEROS: Self = Self::new();

    fn floats(&self) -> &[f32] {
        self.as_slice()
    }

    fn floats_mut(&mut self) -> &mut [f32] {
        Self::floats(self)
    }
}

/// Where a net's workspace can be: in the net, by value, or wherever a smart pointer to it points, such as `&mut`, `Box` or a
/// `MutexGuard`.
pub trait Space<const N: usize> {
    /// The workspace.
    fn workspace(&self) -> &Workspace<N>;

    /// The workspace, to compute in it.
    fn workspace_mut(&mut self) -> &mut Workspace<N>;
}

impl<const N: usize> Space<N> for Workspace<N> {
    fn workspace(&self) -> &Self {
        self
    }

    fn workspace_mut(&mut self) -> &mut Self {
        self
    }
}

impl<const N: usize, P: DerefMut<Target = Workspace<N>>> Space<N> for P {
    fn workspace(&self) -> &Workspace<N> {
        self
    }

    fn workspace_mut(&mut self) -> &mut Workspace<N> {
        self
    }
}

/// Where the workspace of a large net is unless the caller says otherwise: on the heap.
#[cfg(feature = "alloc")]
pub type LargeWorkspace<const N: usize> = crate::place::heap::Heap<Workspace<N>>;

/// Where the workspace of a large net is without an allocator: in a `static`.
#[cfg(not(feature = "alloc"))]
pub type LargeWorkspace<const N: usize> = &'static mut Workspace<N>;

//! Values that are nothing but floats, and zeros at first: in a `static`, on a stack, or on the heap.

/// Types for which zero bytes are a value.
///
/// # Safety
///
/// Zero bytes must be a value, copying the bytes of one must give another, and there must be nothing to drop.
pub unsafe trait Zero {}

// SAFETY: zero bytes are floats.
unsafe impl<const N: usize> Zero for [f32; N] {}
// SAFETY: as above.
unsafe impl<const N: usize, const M: usize> Zero for [[f32; N]; M] {}

/// A fixed number of floats.
pub trait Floats: Zero {
    /// All zeros.
    const ZEROS: Self;

    /// All of them.
    fn floats(&self) -> &[f32];

    /// All of them, to change them.
    fn floats_mut(&mut self) -> &mut [f32];
}

impl<const N: usize, const M: usize> Floats for [[f32; N]; M] {
    const ZEROS: Self = [[0.0; N]; M];

    fn floats(&self) -> &[f32] {
        self.as_flattened()
    }

    fn floats_mut(&mut self) -> &mut [f32] {
        self.as_flattened_mut()
    }
}

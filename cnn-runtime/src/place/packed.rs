//! Where the packed weights of a net are: in the binary, or on the heap.
//!
//! Kernels read one array of floats and do not care who owns it. Embedded weights need neither an allocator nor an error
//! path, so this module exists without the feature `alloc`; weights that are read from files are the business of `weights`.

use core::fmt;
use core::ops::Deref;

use crate::place::floats::Zero;

/// Packed weights: `N` floats in the layouts of [`pack`](crate::pack), aligned to a cache line, which is also the alignment
/// of the widest vector.
#[repr(C, align(64))]
pub struct Aligned<const N: usize>([f32; N]);

impl<const N: usize> Aligned<N> {
    /// All zeros, which embedded weights are while code is only checked.
    pub const ZEROS: Self = Self([0.0; N]);

    /// Floats from their little-endian bytes, which may lie at any address: the literal of an embedded net.
    ///
    /// Meant for the initialiser of a `static`. If the target has this byte order, the bytes are copied as a whole, since
    /// const evaluation takes seconds for a megabyte if it processes them one by one.
    ///
    /// # Panics
    ///
    /// If there are not four bytes for each of the `N` floats.
    #[must_use]
    pub const fn from_le_bytes(bytes: &[u8]) -> Self {
        let floats = Self::from_ne_bytes(bytes);
        if cfg!(target_endian = "little") { floats } else { floats.swapped() }
    }

    /// The same for big-endian bytes.
    ///
    /// # Panics
    ///
    /// If there are not four bytes for each of the `N` floats.
    #[must_use]
    pub const fn from_be_bytes(bytes: &[u8]) -> Self {
        let floats = Self::from_ne_bytes(bytes);
        if cfg!(target_endian = "big") { floats } else { floats.swapped() }
    }

    const fn from_ne_bytes(bytes: &[u8]) -> Self {
        assert!(bytes.len() == size_of::<[f32; N]>(), "four bytes for each float");
        // SAFETY: the length was checked above, the read needs no alignment, and all bit patterns are floats.
        Self(unsafe { bytes.as_ptr().cast::<[f32; N]>().read_unaligned() })
    }

    const fn swapped(mut self) -> Self {
        let mut index = 0;
        while index < N {
            self.0[index] = f32::from_bits(self.0[index].to_bits().swap_bytes());
            index += 1;
        }
        self
    }

    /// The floats, as an array of known length.
    #[must_use]
    pub const fn as_array(&self) -> &[f32; N] {
        &self.0
    }

    /// The floats, to fill them in.
    #[cfg(feature = "alloc")]
    pub(crate) const fn floats_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
}

/// The bytes of floats, in the byte order of the machine.
#[must_use]
pub fn bytes(floats: &[f32]) -> &[u8] {
    // SAFETY: the slice's own memory, of which every byte is a value, at a smaller alignment.
    unsafe { core::slice::from_raw_parts(floats.as_ptr().cast(), size_of_val(floats)) }
}

// SAFETY: it is an array of floats, and zero bytes are the float 0.
unsafe impl<const N: usize> Zero for Aligned<N> {}

impl<const N: usize> Deref for Aligned<N> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.0
    }
}

/// Only the number of floats; nobody wants to read millions of weights.
impl<const N: usize> fmt::Debug for Aligned<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Aligned({N} floats)")
    }
}

/// The packed weights of a net. `Send` and `Sync`, since it is plain data that nobody changes.
#[derive(Debug)]
pub enum Packed<const N: usize> {
    /// On the heap, read from a file.
    #[cfg(feature = "alloc")]
    Owned(crate::place::heap::Heap<Aligned<N>>),
    /// In the binary.
    Embedded(&'static Aligned<N>),
}

impl<const N: usize> Packed<N> {
    /// Zeros on the heap that `fill` overwrites.
    #[cfg(feature = "alloc")]
    pub fn filled(fill: impl FnOnce(&mut [f32])) -> Self {
        let mut packed = crate::place::heap::Heap::<Aligned<N>>::zeroed();
        fill(packed.floats_mut());
        Self::Owned(packed)
    }

    /// The floats, as an array of known length.
    #[must_use]
    pub fn as_array(&self) -> &[f32; N] {
        match self {
            #[cfg(feature = "alloc")]
            Self::Owned(packed) => &packed.0,
            Self::Embedded(packed) => &packed.0,
        }
    }
}

impl<const N: usize> Deref for Packed<N> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        self.as_array()
    }
}

//! Large zeroed values on the heap, aligned, and not touched before they are used.
//!
//! `Box::new_zeroed` writes the zeros itself if a type needs more alignment than `malloc` gives. That way, hundreds of
//! megabytes would be written twice, and be resident before the first of them is needed. Here the allocator is asked for
//! zeros, which it gets from the system page by page, with room for alignment.
//!
//! Large values begin at a multiple of 2 MiB, and Linux is asked for pages of that size: reading weights is bound by memory,
//! and with pages of 4 KiB also by page-table walks.

use alloc::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use crate::place::floats::Zero;

/// The alignment that allocators give without being asked.
const PLAIN: usize = 16;

/// A huge page of Linux on x86-64, and on aarch64 with 4 KiB pages.
const HUGE: usize = 2 << 20;

/// A `T` on the heap.
pub struct Heap<T> {
    value: NonNull<T>,
    block: NonNull<u8>,
    owned: PhantomData<T>,
}

/// Zeros in a box, which were never on the stack.
pub(crate) fn zeroed_box<T: Zero>() -> Box<T> {
    let layout = Layout::new::<T>();
    if layout.size() == 0 {
        // SAFETY: nothing is read there, and it is aligned.
        return unsafe { Box::from_raw(NonNull::dangling().as_ptr()) };
    }
    // SAFETY: the layout's size is not zero.
    let block = unsafe { alloc_zeroed(layout) };
    let Some(value) = NonNull::new(block.cast::<T>()) else { handle_alloc_error(layout) };
    // SAFETY: it is a value of this type, in a block of its layout.
    unsafe { Box::from_raw(value.as_ptr()) }
}

impl<T: Zero> Heap<T> {
    /// Zeros.
    #[must_use]
    pub fn zeroed() -> Self {
        let layout = Self::LAYOUT;
        // SAFETY: the layout's size is not zero.
        let block = unsafe { alloc_zeroed(layout) };
        let Some(block) = NonNull::new(block) else { handle_alloc_error(layout) };
        let before = block.align_offset(Self::ALIGN);
        // SAFETY: the block is larger than the value by more than it takes to align it.
        let value = unsafe { block.add(before) }.cast();
        if Self::ALIGN == HUGE {
            advise_huge(value);
        }
        Self { value, block, owned: PhantomData }
    }
}

impl<T> Heap<T> {
    /// The alignment of values: from two huge pages on, that of a huge page.
    const ALIGN: usize = if size_of::<T>() >= 2 * HUGE { HUGE } else { align_of::<T>() };
    const LAYOUT: Layout = match Layout::from_size_align(size_of::<T>() + Self::ALIGN, PLAIN) {
        Ok(layout) => layout,
        Err(_) => panic!("larger than any memory"),
    };
}

/// Asks for huge pages for a value; where there are none, nothing changes.
#[cfg(all(feature = "std", target_os = "linux"))]
fn advise_huge<T>(value: NonNull<T>) {
    // SAFETY: the range is in our block, and the advice changes none of its contents.
    unsafe { libc::madvise(value.as_ptr().cast(), size_of::<T>(), libc::MADV_HUGEPAGE) };
}

#[cfg(not(all(feature = "std", target_os = "linux")))]
fn advise_huge<T>(_: NonNull<T>) {}

impl<T> Deref for Heap<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: `zeroed` made a value there, and it is ours.
        unsafe { self.value.as_ref() }
    }
}

impl<T> DerefMut for Heap<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and there is no other reference to it.
        unsafe { self.value.as_mut() }
    }
}

/// Copies the value.
impl<T: Zero> Clone for Heap<T> {
    fn clone(&self) -> Self {
        let copy = Self::zeroed();
        // SAFETY: both are values of the same type in different blocks, and there is nothing to drop.
        unsafe { copy.value.copy_from_nonoverlapping(self.value, 1) };
        copy
    }
}

impl<T> Drop for Heap<T> {
    fn drop(&mut self) {
        // SAFETY: the block was allocated with this layout; values are plain data.
        unsafe { dealloc(self.block.as_ptr(), Self::LAYOUT) }
    }
}

impl<T: fmt::Debug> fmt::Debug for Heap<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

// SAFETY: it owns its value, as a box does.
unsafe impl<T: Send> Send for Heap<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Heap<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(align(64))]
    struct Wide([f32; 1000]);

    // SAFETY: floats.
    unsafe impl Zero for Wide {}

    #[test]
    fn values_are_zero_and_aligned() {
        for _ in 0..20 {
            let mut wide = Heap::<Wide>::zeroed();
            assert_eq!((&raw const *wide).addr() % 64, 0);
            assert!(wide.0.iter().all(|float| *float == 0.0));
            wide.0.fill(1.0);
        }
    }
}

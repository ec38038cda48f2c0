//! The arrays that a net reads and writes.

#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::error::Error;
use core::fmt;

#[cfg(feature = "alloc")]
use crate::place::heap::zeroed_box;

/// The numbers of an image or of a batch of images, contiguous: `[f32; N]` or `[[f32; N]; B]`.
pub trait Numbers: 'static + Clone + fmt::Debug + PartialEq + Send + Sync + Sized {
    /// How many there are.
    const LEN: usize;

    /// A slice as these numbers.
    ///
    /// # Errors
    ///
    /// If it is longer or shorter.
    fn of(slice: &[f32]) -> Result<&Self, WrongLength>;

    /// All numbers.
    fn floats(&self) -> &[f32];

    /// All numbers, to fill them in.
    fn floats_mut(&mut self) -> &mut [f32];

    /// Zeros on the heap that never were on the stack, which an image may not fit into.
    #[cfg(feature = "alloc")]
    fn boxed() -> Box<Self>;
}

impl<const N: usize> Numbers for [f32; N] {
    const LEN: usize = N;

    fn of(slice: &[f32]) -> Result<&Self, WrongLength> {
        slice.try_into().map_err(|_| WrongLength::input(N, 1, slice.len()))
    }

    fn floats(&self) -> &[f32] {
        self
    }

    fn floats_mut(&mut self) -> &mut [f32] {
        self
    }

    #[cfg(feature = "alloc")]
    fn boxed() -> Box<Self> {
        zeroed_box()
    }
}

impl<const N: usize, const IMAGES: usize> Numbers for [[f32; N]; IMAGES] {
    const LEN: usize = N * IMAGES;

    fn of(slice: &[f32]) -> Result<&Self, WrongLength> {
        let (images, rest) = slice.as_chunks();
        let images = images.try_into().ok().filter(|_| rest.is_empty());
        images.ok_or(WrongLength::input(N, IMAGES, slice.len()))
    }

    fn floats(&self) -> &[f32] {
        self.as_flattened()
    }

    fn floats_mut(&mut self) -> &mut [f32] {
        self.as_flattened_mut()
    }

    #[cfg(feature = "alloc")]
    fn boxed() -> Box<Self> {
        zeroed_box()
    }
}

/// A slice as up to `MOST` images of `N` numbers, for a net that takes a batch.
///
/// # Errors
///
/// If it does not hold a whole number of images, from 1 to `MOST`.
pub fn images<const N: usize, const MOST: usize>(slice: &[f32]) -> Result<&[[f32; N]], WrongLength> {
    match slice.as_chunks() {
        (images, []) if (1..=MOST).contains(&images.len()) => Ok(images),
        _ => Err(WrongLength::input(N, MOST, slice.len())),
    }
}

/// The images in a slice, if a net that reads `N` numbers per image takes that many.
///
/// # Errors
///
/// If there are none, or more than `MOST`.
pub const fn at_most<T, const N: usize, const MOST: usize>(images: &[T]) -> Result<&[T], WrongLength> {
    match images.len() {
        1.. if images.len() <= MOST => Ok(images),
        count => Err(WrongLength::input(N, MOST, count * N)),
    }
}

/// Maps each of up to `MOST` images; missing images are mapped from zeros.
pub fn each_image<'a, T, const N: usize, const MOST: usize>(
    images: &'a [[f32; N]],
    make: impl Fn(&'a [f32; N]) -> T,
) -> [T; MOST] {
    core::array::from_fn(|index| make(images.get(index).unwrap_or(const { &[0.0; N] })))
}

/// `LEN` of `ALL` numbers, from the one at `FIRST` on.
#[must_use]
pub fn part<const FIRST: usize, const LEN: usize, const ALL: usize>(all: &[f32; ALL]) -> &[f32; LEN] {
    const { assert!(FIRST + LEN <= ALL, "a part is inside of the whole") };
    // SAFETY: the range was checked just above, at compile time.
    unsafe { &*all.as_ptr().add(FIRST).cast() }
}

/// A slice that is not as long as a net's input or output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WrongLength {
    /// Whether the slice was to be read or written.
    pub side: Side,
    /// The numbers of an image.
    pub expected: usize,
    /// The most images.
    pub images: usize,
    /// The numbers in the slice.
    pub found: usize,
}

/// A side of a net.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// What it reads.
    Input,
    /// What it writes.
    Output,
}

impl WrongLength {
    /// Of what a net reads.
    #[must_use]
    pub const fn input(expected: usize, images: usize, found: usize) -> Self {
        Self { side: Side::Input, expected, images, found }
    }

    /// Of what a net writes.
    #[must_use]
    pub const fn output(expected: usize, images: usize, found: usize) -> Self {
        Self { side: Side::Output, expected, images, found }
    }
}

impl fmt::Display for WrongLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { side, expected, images, found } = self;
        match (side, images) {
            (Side::Input, 1) => write!(f, "the net reads {expected} numbers, but {found} were given"),
            (Side::Input, _) => {
                write!(f, "the net reads {expected} numbers for each of up to {images} images, but {found} were given")
            }
            (Side::Output, 1) => write!(f, "the net writes {expected} numbers, but the slice for them has {found}"),
            (Side::Output, _) => {
                let all = expected * images;
                write!(
                    f,
                    "the net writes {all} numbers, {expected} for each of {images} images, but the slice for them has {found}"
                )
            }
        }
    }
}

impl Error for WrongLength {}

//! Single and double precision.

use core::fmt::Debug;
use core::ops::{Add, AddAssign, Div, Mul, MulAssign, Sub, SubAssign};

/// A number of a parameter or of a gradient: `f32` or `f64`.
pub trait Float:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Add<Output = Self>
    + AddAssign
    + Div<Output = Self>
    + Into<f64>
    + Mul<Output = Self>
    + MulAssign
    + Sub<Output = Self>
    + SubAssign
    + sealed::Sealed
{
    /// The nearest number of this precision.
    fn rounded(number: f64) -> Self;

    /// The square root.
    #[must_use]
    fn root(self) -> Self;
}

impl Float for f32 {
    fn rounded(number: f64) -> Self {
        number as Self
    }

    fn root(self) -> Self {
        libm::sqrtf(self)
    }
}

impl Float for f64 {
    fn rounded(number: f64) -> Self {
        number
    }

    fn root(self) -> Self {
        libm::sqrt(self)
    }
}

mod sealed {
    /// Keeps others from implementing the trait.
    pub trait Sealed {}

    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

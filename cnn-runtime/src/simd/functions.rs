//! Functions over runs of floats, of one number or of two.
//!
//! A kernel calls them through a pointer, which its descriptor has. So a program has the code of those alone that its nets use:
//! on a microcontroller, that of all others takes more than a kernel.

use super::Simd;
use super::scalar::Scalar;
use super::unary::Floats;

/// Code that is compiled for all vectors of the target, for arguments `A`.
pub(crate) trait Code<A> {
    /// Runs it.
    ///
    /// # Safety
    ///
    /// The floats that the arguments name must be readable and writable.
    unsafe fn run<S: Simd>(s: S, arguments: A);
}

/// A function that is compiled for vectors `S`.
///
/// # Safety
///
/// The floats that the arguments name must be readable and writable.
pub type Compiled<S, A> = unsafe fn(S, A);

/// Makes [`Functions`] from all the types of vectors.
macro_rules! functions {
    ($($(#[$cfg:meta])* $module:ident: $Simd:ty),* $(,)?) => {
        /// A function that is compiled for all vectors of the target.
        pub struct Functions<A = Floats> {
            $($(#[$cfg])* pub(crate) $module: Compiled<$Simd, A>,)*
        }

        impl<A: 'static> Functions<A> {
            /// Those of `F`.
            pub(crate) const fn of<F: Code<A>>() -> &'static Self {
                const { &Self { $($(#[$cfg])* $module: apply::<$Simd, A, F>,)* } }
            }
        }
    };
}

functions! {
    scalar: Scalar,
    #[cfg(target_arch = "x86_64")]
    avx2: super::avx2::Avx2,
    #[cfg(target_arch = "x86_64")]
    avx512: super::avx512::Avx512,
    #[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
    neon: super::neon::Neon,
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    simd128: super::simd128::Simd128,
}

/// Applies `F`, of which nothing is compiled without the feature `kernels`, and nothing for vectors that no program runs with.
///
/// # Safety
///
/// That of [`Compiled`].
unsafe fn apply<S: Simd, A, F: Code<A>>(s: S, arguments: A) {
    if const { cfg!(feature = "kernels") && S::LINKED } {
        // SAFETY: the caller's promise.
        unsafe { F::run(s, arguments) };
    }
}

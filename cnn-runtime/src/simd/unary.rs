//! Functions of one number, over runs of floats.
//!
//! A kernel calls them through a pointer, which its descriptor has. So a program has the code of those alone that its nets use:
//! on a microcontroller, that of all others takes more than a kernel.

use super::scalar::Scalar;
use super::{Kernel, Simd};

/// A function of one number, with up to two arguments.
pub(crate) trait Unary {
    /// Of each lane.
    fn eval<S: Simd>(s: S, x: S::Vec, arguments: [f32; 2]) -> S::Vec;
}

/// A run of floats that a function is applied to.
#[derive(Clone, Copy)]
pub struct Floats {
    pub(crate) arguments: [f32; 2],
    pub(crate) from: *const f32,
    /// The same as `from`, or no part of these.
    pub(crate) to: *mut f32,
    pub(crate) len: usize,
}

/// A function that is compiled for vectors `S`.
///
/// # Safety
///
/// The floats must be readable and writable.
pub type Compiled<S> = unsafe fn(S, Floats);

/// Makes [`Functions`] from all the types of vectors.
macro_rules! functions {
    ($($(#[$cfg:meta])* $module:ident: $Simd:ty),* $(,)?) => {
        /// A function that is compiled for all vectors of the target.
        pub struct Functions {
            $($(#[$cfg])* pub(crate) $module: Compiled<$Simd>,)*
        }

        impl Functions {
            /// Those of `F`.
            pub(crate) const fn of<F: Unary>() -> &'static Self {
                const { &Self { $($(#[$cfg])* $module: apply::<$Simd, F>,)* } }
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
unsafe fn apply<S: Simd, F: Unary>(s: S, floats: Floats) {
    if const { cfg!(feature = "kernels") && S::LINKED } {
        s.run(Apply(floats, core::marker::PhantomData::<F>));
    }
}

/// A function over floats that can be read and written.
struct Apply<F>(Floats, core::marker::PhantomData<F>);

impl<F: Unary> Kernel for Apply<F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Floats { arguments, from, to, len } = self.0;
        let mut i = 0;
        // SAFETY: `len` floats are readable and writable, and no others are touched.
        unsafe {
            while i + S::LANES <= len {
                s.store(to.add(i), F::eval(s, s.load(from.add(i)), arguments));
                i += S::LANES;
            }
            if i < len {
                let rest = len - i;
                s.store_first(to.add(i), F::eval(s, s.load_first(from.add(i), rest), arguments), rest);
            }
        }
    }
}

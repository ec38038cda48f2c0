//! Functions of one number, over runs of floats.

use super::functions::Code;
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

impl<F: Unary> Code<Floats> for F {
    unsafe fn run<S: Simd>(s: S, floats: Floats) {
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

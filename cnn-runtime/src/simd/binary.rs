//! Functions of two numbers, over runs of floats.

use super::functions::Code;
use super::{Kernel, Simd};

/// A function of two numbers, with up to two arguments.
pub(crate) trait Binary {
    /// Of each lane.
    fn eval<S: Simd>(s: S, x: S::Vec, y: S::Vec, arguments: [f32; 2]) -> S::Vec;
}

/// Runs of floats that a function is applied to, pair by pair.
#[derive(Clone, Copy)]
pub struct Pairs {
    pub(crate) arguments: [f32; 2],
    pub(crate) x: *const f32,
    pub(crate) y: *const f32,
    /// The same as `x` or `y`, or no part of these.
    pub(crate) to: *mut f32,
    pub(crate) len: usize,
}

impl<F: Binary> Code<Pairs> for F {
    unsafe fn run<S: Simd>(s: S, pairs: Pairs) {
        s.run(Apply(pairs, core::marker::PhantomData::<F>));
    }
}

/// A function over floats that can be read and written.
struct Apply<F>(Pairs, core::marker::PhantomData<F>);

impl<F: Binary> Kernel for Apply<F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Pairs { arguments, x, y, to, len } = self.0;
        let mut i = 0;
        // SAFETY: `len` floats are readable and writable, and no others are touched.
        unsafe {
            while i + S::LANES <= len {
                s.store(to.add(i), F::eval(s, s.load(x.add(i)), s.load(y.add(i)), arguments));
                i += S::LANES;
            }
            if i < len {
                let rest = len - i;
                let (x, y) = (s.load_first(x.add(i), rest), s.load_first(y.add(i), rest));
                s.store_first(to.add(i), F::eval(s, x, y, arguments), rest);
            }
        }
    }
}

//! Divisions without a panic.
//!
//! No checked descriptor has a 0 where kernels divide by one of its numbers, but the compiler can't see that, and would link the
//! panic. Here, a quotient by 0 is 0.

/// `a / b`.
#[inline(always)]
pub(crate) const fn div(a: usize, b: usize) -> usize {
    match a.checked_div(b) {
        Some(quotient) => quotient,
        None => 0,
    }
}

/// `a / b` and `a % b`.
#[inline(always)]
pub(crate) const fn div_rem(a: usize, b: usize) -> (usize, usize) {
    let quotient = div(a, b);
    (quotient, a - quotient * b)
}

/// `a / b`, rounded up.
#[inline(always)]
pub(crate) const fn div_ceil(a: usize, b: usize) -> usize {
    if b == 0 { 0 } else { a.div_ceil(b) }
}

//! Numbers in half precision, by their bits: 16 bits of IEEE 754 (`f16`), and the upper half of an `f32` (`bf16`).
//!
//! These few lines are no dependency, since the crate `half` brings others, which took an eighth of the time of a first build.

/// The difference between the exponents of `f32` and `f16`, in the position of an exponent.
const REBIAS: u32 = (127 - 15) << 23;
/// The bits of a mantissa that an `f16` lacks.
const LOST: u32 = 23 - 10;
/// The exponent of infinities and NaNs in an `f32`.
const INFINITE: u32 = 0x7f80_0000;

/// The number with these bits, which is finite.
#[inline(always)]
pub(crate) const fn widen_finite(bits: u16) -> f32 {
    const ONE: u32 = 1 << 23;
    let magnitude = (bits as u32 & 0x7fff) << LOST;
    // With an exponent of zero, a number has no leading one: it gets one, which is then subtracted. This is exact, and no
    // intermediate number is subnormal in `f32`, where CPUs would be slow.
    let subnormal = ((magnitude < ONE) as u32).wrapping_neg();
    let number = f32::from_bits(magnitude + REBIAS + (ONE & subnormal)) - f32::from_bits((REBIAS + ONE) & subnormal);
    f32::from_bits(number.to_bits() | (bits as u32 & 0x8000) << 16)
}

/// The number with these bits.
#[cfg(feature = "alloc")]
#[inline]
pub(crate) const fn widen(bits: u16) -> f32 {
    if bits & 0x7c00 != 0x7c00 {
        return widen_finite(bits);
    }
    f32::from_bits((bits as u32 & 0x8000) << 16 | INFINITE | (bits as u32 & 0x3ff) << LOST)
}

/// The `bf16` with these bits.
#[cfg(feature = "alloc")]
#[inline]
pub(crate) const fn widen_bf16(bits: u16) -> f32 {
    f32::from_bits((bits as u32) << 16)
}

/// The bits of the nearest number in half precision, or of the even one of two that are as near; infinite from 65520 on.
#[inline]
pub(crate) const fn narrow(x: f32) -> u16 {
    /// The least number that is not subnormal in half precision.
    const NORMAL: u32 = REBIAS + (1 << 23);
    let magnitude = x.to_bits() & 0x7fff_ffff;
    let half = if magnitude > INFINITE {
        0x7e00
    } else if magnitude >= 65536_f32.to_bits() {
        0x7c00
    } else if magnitude < NORMAL {
        // The last bit of 0.5 is worth the last bit of a subnormal half, so the addition rounds.
        (f32::from_bits(magnitude) + 0.5).to_bits() - 0.5_f32.to_bits()
    } else {
        let odd = magnitude >> LOST & 1;
        (magnitude - REBIAS + (1 << (LOST - 1)) - 1 + odd) >> LOST
    };
    half as u16 | (x.to_bits() >> 16) as u16 & 0x8000
}

/// Whether the number with these bits is neither infinite nor NaN.
#[inline]
pub(crate) const fn is_finite(bits: u16) -> bool {
    bits & 0x7c00 != 0x7c00
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use half::{bf16, f16};

    use super::{is_finite, narrow, widen, widen_bf16};

    #[test]
    fn all_halves_are_those_of_another_implementation() {
        for bits in 0..=u16::MAX {
            let (ours, theirs) = (widen(bits), f16::from_bits(bits).to_f32());
            assert!(
                ours.to_bits() == theirs.to_bits() || ours.is_nan() && theirs.is_nan(),
                "{bits:#x}: {ours} {theirs}"
            );
            let (ours, theirs) = (widen_bf16(bits), bf16::from_bits(bits).to_f32());
            assert!(
                ours.to_bits() == theirs.to_bits() || ours.is_nan() && theirs.is_nan(),
                "{bits:#x}: {ours} {theirs}"
            );
            assert_eq!(is_finite(bits), f16::from_bits(bits).is_finite(), "{bits:#x}");
        }
    }

    #[test]
    fn narrowing_rounds_as_another_implementation_does() {
        // The halves, the points between them, and all numbers around both; beyond the largest half, too.
        let halves = (0..=u16::MAX).map(|bits| f16::from_bits(bits).to_f32()).filter(|half| !half.is_nan());
        let points = halves.flat_map(|half| [half, f32::from_bits(half.to_bits() ^ 1 << 12)]);
        let near =
            points.flat_map(|point| (-2..=2).map(move |by| f32::from_bits(point.to_bits().wrapping_add_signed(by))));
        let odd = (0..=u32::MAX).step_by(65_521).map(f32::from_bits);
        for x in near.chain(odd) {
            let (ours, theirs) = (narrow(x), f16::from_f32(x));
            let same = ours == theirs.to_bits() || x.is_nan() && widen(ours).is_nan();
            assert!(same, "{x:e}: {ours:#x} {:#x}", theirs.to_bits());
        }
    }
}

//! How far apart two tensors are.

/// The difference of two tensors of the same shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Difference {
    /// The largest magnitude in the expected tensor.
    pub(super) largest: f64,
    /// The largest difference; NaN if any number is NaN.
    pub(super) max: f64,
    /// The root of the mean square of all differences.
    pub(super) rms: f64,
}

impl Difference {
    pub(super) fn new(expected: &[f32], found: &[f32]) -> Self {
        let largest = expected.iter().fold(0.0, |largest, number| worse(largest, f64::from(number.abs())));
        let differences = || {
            expected.iter().zip(found).map(|(expected, found)| {
                // Equal infinities do not differ by NaN.
                if expected == found { 0.0 } else { (f64::from(*expected) - f64::from(*found)).abs() }
            })
        };
        let max = differences().fold(0.0, worse);
        let squares: f64 = differences().map(|difference| difference * difference).sum();
        Self { largest, max, rms: (squares / expected.len().max(1) as f64).sqrt() }
    }

    /// `max` and `rms` as shares of the largest magnitude.
    pub(super) fn relative(&self) -> [f64; 2] {
        [self.max, self.rms].map(|difference| if difference == 0.0 { 0.0 } else { difference / self.largest })
    }

    /// Whether no difference exceeds this share of the largest magnitude.
    pub(super) fn is_within(&self, tolerance: f64) -> bool {
        // False for NaN.
        self.relative()[0] <= tolerance
    }
}

/// The larger of two numbers, or NaN if one of them is.
fn worse(a: f64, b: f64) -> f64 {
    if a >= b || a.is_nan() { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_relative_to_the_largest_magnitude_that_is_expected() {
        let difference = Difference::new(&[1.0, -8.0, 0.0, 2.0], &[1.0, -8.0, 0.0, 6.0]);
        assert_eq!(difference, Difference { largest: 8.0, max: 4.0, rms: 2.0 });
        assert_eq!(difference.relative(), [0.5, 0.25]);
        assert!(difference.is_within(0.5) && !difference.is_within(0.49));
    }

    #[test]
    fn zeros_agree_with_zeros_alone() {
        assert!(Difference::new(&[0.0, -0.0], &[0.0, 0.0]).is_within(0.0));
        assert!(!Difference::new(&[0.0], &[1e-30]).is_within(1.0));
    }

    #[test]
    fn what_is_no_number_does_not_agree() {
        for (expected, found) in [(1.0, f32::NAN), (f32::NAN, 1.0), (f32::NAN, f32::NAN), (1.0, f32::INFINITY)] {
            let difference = Difference::new(&[2.0, expected, 3.0], &[2.0, found, 3.0]);
            assert!(!difference.is_within(1e30), "{expected} {found}: {difference:?}");
        }
        assert!(Difference::new(&[f32::INFINITY], &[f32::INFINITY]).is_within(0.0));
    }
}

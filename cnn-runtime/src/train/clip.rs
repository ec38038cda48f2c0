//! Gradient clipping.

use super::Float;

/// The global Euclidean norm of all gradients. Squares are summed in double precision, in the order of the slices.
pub fn global_norm<'a, F: Float + 'a>(gradients: impl IntoIterator<Item = &'a [F]>) -> f64 {
    let numbers = gradients.into_iter().flatten().map(|number| (*number).into());
    libm::sqrt(numbers.map(|number: f64| number * number).sum())
}

/// The factor that limits the norm of all gradients to `most` (Pascanu, Mikolov & Bengio 2013): `most / (norm + 1e-6)`,
/// as in PyTorch, and never more than 1. A NaN stays NaN.
#[must_use]
pub fn clip_factor(norm: f64, most: f64) -> f64 {
    let factor = most / (norm + 1e-6);
    if factor > 1.0 { 1.0 } else { factor }
}

/// Multiplies gradients by a factor.
pub fn scale<F: Float>(factor: f64, gradients: &mut [F]) {
    let factor = F::rounded(factor);
    gradients.iter_mut().for_each(|gradient| *gradient *= factor);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_gradients_are_shortened() {
        let norm = global_norm([&[3.0_f32, 0.0][..], &[-4.0]]);
        assert_eq!(norm, 5.0);
        assert_eq!(clip_factor(norm, 6.0), 1.0);
        let mut gradients = [3.0_f32, -4.0];
        scale(clip_factor(norm, 1.0), &mut gradients);
        assert!((global_norm([&gradients[..]]) - 1.0).abs() < 1e-6);
        assert!(clip_factor(f64::NAN, 1.0).is_nan());
        assert_eq!(clip_factor(f64::INFINITY, 1.0), 0.0);
    }
}

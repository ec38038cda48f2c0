//! Comparisons with the numbers of the reference executor.

use cnn::reference::Tensor;

/// The largest allowed difference, relative to the largest magnitude of the tensor. Sums of a few thousand products in f32,
/// taken in another order, differ by about 1e-6 of it.
const TOLERANCE: f64 = 1e-5;

/// Fails if two tensors differ by more than the tolerance.
pub(crate) fn close(name: &str, expected: &Tensor, found: &[f32]) {
    assert_eq!(expected.data.len(), found.len(), "{name}");
    let scale = expected.data.iter().fold(0.0_f64, |scale, x| scale.max(x.abs()));
    for (index, (expected, found)) in expected.data.iter().zip(found).enumerate() {
        let error = (expected - f64::from(*found)).abs();
        // Written so that a NaN fails.
        let near = error <= TOLERANCE * scale.max(1e-30);
        assert!(near, "{name}[{index}]: {found}, expected {expected} (largest {scale})");
    }
}

//! Digests of tensors, as `tools/torch_training.py` writes them.

use models::seeded;

/// The norm of a tensor, its product with random numbers, and three of its elements.
pub(crate) fn digest(name: &str, numbers: &[f64]) -> Vec<f64> {
    let random = seeded::uniform(&format!("digest.{name}"), numbers.len());
    let norm = numbers.iter().map(|x| x * x).sum::<f64>().sqrt();
    let product = numbers.iter().zip(&random).map(|(x, random)| x * f64::from(*random)).sum();
    vec![norm, product, numbers[0], numbers[numbers.len() / 2], numbers[numbers.len() - 1]]
}

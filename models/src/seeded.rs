//! Weights that depend on nothing but the names of the tensors: the same bits in any language.
//!
//! For tests and benchmarks, where a file of real weights would be a few hundred megabytes. Element `i` of a tensor is
//! the 24 highest bits of splitmix64 (Steele, Lea & Flood 2014), seeded by the FNV-1a hash of its name, as a number in
//! [-1, 1); scaled so that activations keep their size from layer to layer (He et al. 2015).

use cnn::graph::{Graph, Role, Tensor};
use safetensors::tensor::{Dtype, TensorView, serialize};

/// Variance of a layer's weights times its inputs. Uniform numbers have a third of the variance of their range, and
/// ReLU halves it again: 6 keeps it.
const GAIN: f64 = 6.0;

/// `count` numbers in [-1, 1) that depend on `name` alone.
pub fn uniform(name: &str, count: usize) -> Vec<f32> {
    let hash =
        name.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |h, byte| (h ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3));
    let element = |index: u64| {
        let mut z = hash.wrapping_add((index + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        (z >> 40) as f32 * 2.0_f32.powi(-23) - 1.0
    };
    (0..count as u64).map(element).collect()
}

/// Weights for a net, as a safetensors file. The salt stands before each name.
pub fn weights(graph: &Graph<'_>, salt: &str) -> Vec<u8> {
    let tensors = graph.nodes.iter().flat_map(|node| node.tensors);
    let bytes: Vec<(&Tensor<'_>, Vec<u8>)> =
        tensors.map(|tensor| (tensor, values(tensor, salt).into_iter().flat_map(f32::to_le_bytes).collect())).collect();
    let views = bytes.iter().map(|(tensor, bytes)| {
        let view = TensorView::new(Dtype::F32, tensor.shape.to_vec(), bytes);
        (tensor.name, view.expect("four bytes for each element"))
    });
    serialize(views, None).expect("names and shapes of a net are valid")
}

fn values(tensor: &Tensor<'_>, salt: &str) -> Vec<f32> {
    let mut values = uniform(&format!("{salt}{}", tensor.name), tensor.elements());
    let fan_in: usize = tensor.shape[1..].iter().product();
    let (scale, shift) = match tensor.role {
        Role::RunningVar => (0.5, 1.0),
        Role::RunningMean | Role::Bias => (0.1, 0.0),
        Role::Weight if tensor.shape.len() == 1 => (0.2, 1.0),
        Role::Weight => ((GAIN / fan_in as f64).sqrt() as f32, 0.0),
    };
    for value in &mut values {
        *value = shift + scale * *value;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_are_those_of_the_python_generator() {
        let first = uniform("conv1.weight", 3);
        assert_eq!(first, [0.090_149_88, 0.490_323_42, -0.954_156_64]);
    }
}

//! Weights that depend only on the names of the tensors, with the same bits in any language.
//!
//! For tests and benchmarks, where a file of real weights would be a few hundred megabytes. Element `i` of a tensor is
//! the 24 highest bits of splitmix64 (Steele, Lea & Flood 2014), seeded by the FNV-1a hash of its name, as a number in
//! [-1, 1); scaled so that activations keep their size from layer to layer (He et al. 2015).

use cnn::graph::{Graph, Role, Tensor};
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

/// Variance of a layer's weights times its inputs. Uniform numbers have a third of the variance of their range, and
/// ReLU halves it again: 6 keeps it.
const GAIN: f64 = 6.0;

/// `count` numbers in [-1, 1) that depend only on `name`.
#[must_use]
pub fn uniform(name: &str, count: usize) -> Vec<f32> {
    numbers(name).take(count).collect()
}

/// Endless numbers in [-1, 1) that depend only on `name`.
fn numbers(name: &str) -> impl Iterator<Item = f32> {
    let hash =
        name.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |h, byte| (h ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3));
    (1_u64..).map(move |position| {
        let mut z = hash.wrapping_add(position.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        (z >> 40) as f32 * 2.0_f32.powi(-23) - 1.0
    })
}

/// Weights for a net, auxiliary classifiers included, as a safetensors file. The salt is put before each name.
///
/// The file is written into one buffer of its size, since a VGG's has half a gigabyte.
#[must_use]
pub fn weights(graph: &Graph<'_>, salt: &str) -> Vec<u8> {
    let tensors = || graph.nodes.iter().flat_map(|node| node.own_tensors());
    let mut end = 0;
    let infos = tensors().map(|tensor| {
        let begin = end;
        end += tensor.elements() * size_of::<f32>();
        (
            tensor.name.to_owned(),
            TensorInfo { dtype: Dtype::F32, shape: tensor.shape.to_vec(), data_offsets: (begin, end) },
        )
    });
    let metadata = Metadata::new(None, infos.collect()).expect("the tensors of a net lie one after another");
    let mut header = serde_json::to_vec(&metadata).expect("names and numbers can be written as JSON");
    header.resize(header.len().next_multiple_of(size_of::<u64>()), b' ');
    let mut file = Vec::with_capacity(size_of::<u64>() + header.len() + end);
    file.extend_from_slice(&(header.len() as u64).to_le_bytes());
    file.extend_from_slice(&header);
    for tensor in tensors() {
        write(tensor, salt, &mut file);
    }
    file
}

/// Appends the values of a tensor.
fn write(tensor: &Tensor<'_>, salt: &str, file: &mut Vec<u8>) {
    let fan_in: usize = tensor.shape[1..].iter().product();
    let (scale, shift) = match tensor.role {
        Role::RunningVar => (0.5, 1.0),
        Role::RunningMean | Role::Bias => (0.1, 0.0),
        // Weights, and what later layers may have.
        _ if tensor.shape.len() == 1 => (0.2, 1.0),
        _ => ((GAIN / fan_in as f64).sqrt() as f32, 0.0),
    };
    for number in numbers(&format!("{salt}{}", tensor.name)).take(tensor.elements()) {
        file.extend_from_slice(&(shift + scale * number).to_le_bytes());
    }
}

//! What tensors are called.
//!
//! ```text
//! in the file   functional_1/relu/Relu;functional_1/bn/batchnorm/add_1;functional_1/conv/convolution1
//! here          functional_1/conv/convolution
//! ```
//!
//! Converters join the names of all that became one operator. The layer is the one with the weights.

/// What TensorFlow calls operators with weights.
const WITH_WEIGHTS: [&str; 8] = [
    "convolution",
    "Conv2D",
    "depthwise",
    "separable_conv2d",
    "conv_transpose",
    "conv2d_transpose",
    "MatMul",
    "BiasAdd",
];
/// How the names of constants begin that converters made.
const MADE: [&str; 5] = ["arith.constant", "tfl.", "Const", "const", "cst"];

/// The name that represents all of those joined in a tensor's.
pub(super) fn name(all: &str) -> &str {
    all.split(';').find_map(of_layer).unwrap_or_else(|| all.split(';').next().unwrap_or_default())
}

/// A name that ends in one of these words, without the number by which it differs from others.
fn of_layer(name: &str) -> Option<&str> {
    let (_, last) = name.rsplit_once('/')?;
    WITH_WEIGHTS.iter().find_map(|word| {
        let rest = last.strip_prefix(word)?;
        let is_number = rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
        is_number.then(|| &name[..name.len() - rest.len()])
    })
}

/// The name of a constant: that of its layer, whose operator reads it. An empty one, if a converter made it.
pub(super) fn of_constant(all: &str) -> &str {
    if MADE.iter().any(|stem| all.starts_with(stem)) {
        return "";
    }
    let name = name(all);
    // The slash stays: it distinguishes scopes from other names.
    name.rfind('/').map_or(name, |at| &name[..=at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_names_are_those_of_layers() {
        assert_eq!(name("m/relu/Relu;m/bn/add_1;m/conv/Conv2D;m/bn/sub1"), "m/conv/Conv2D");
        assert_eq!(name("m/relu/Relu;m/conv/convolution12"), "m/conv/convolution");
        assert_eq!(name("m/add/Add;m/other"), "m/add/Add");
        assert_eq!(name(""), "");
        assert_eq!(of_constant("arith.constant3"), "");
        assert_eq!(of_constant("m/head/MatMul"), "m/head/");
    }
}

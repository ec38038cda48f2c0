//! Whether exporters have folded batch normalisations into the weights of convolutions.
//!
//! Such a normalisation can't be seen in the graph, but the plan of a net has to know of it (`#[algorithm(folded)]`). The names of
//! tensors and nodes reveal it:
//!
//! ```text
//! onnx::Conv_193, onnx::Conv_194                   PyTorch's older exporter: what it computes has no name of the model's
//! conv1.weight, conv1.weight_bias                  the newer one, whose metadata also name the normalisation
//! conv1/Conv2D_weights_fused_bn                    tf2onnx
//! model/bn1/FusedBatchNormV3;model/conv1/Conv2D    TFLite
//! conv1.weight, conv1.bias                         nothing is folded
//! ```

use cnn_net::op::{Kind, Role};

use crate::graph::{Graph, Node};
use crate::lower::Draft;
use crate::names::is_given;

/// Parts of names, without the signs between words.
const NORMS: [&str; 3] = ["batchnorm", "fusedbn", "weightbias"];

/// Whether most convolutions with a bias hold a batch normalisation.
pub(crate) fn has_norms(graph: &Graph<'_>, drafts: &[Draft<'_>]) -> bool {
    let convs: Vec<&Draft<'_>> = drafts.iter().filter(|draft| has_bias(draft)).collect();
    let folded = convs.iter().filter(|draft| holds_norm(draft, &graph.nodes[draft.node])).count();
    // The graph of `torch.export` shows normalisations as they are.
    !graph.is_exact && folded > 0 && 2 * folded >= convs.len()
}

fn has_bias(draft: &Draft<'_>) -> bool {
    draft.op.facts().kind == Kind::Convolution && draft.tensors.iter().any(|weight| weight.role == Role::Bias)
}

fn holds_norm(draft: &Draft<'_>, node: &Node<'_>) -> bool {
    let names = || draft.tensors.iter().map(|weight| weight.name);
    let metadata = node.metadata.iter().map(|(_, value)| *value);
    let mut texts = names().chain([node.name, node.result]).chain(metadata);
    !names().any(is_given) || texts.any(names_norm)
}

fn names_norm(text: &str) -> bool {
    let plain: String = text.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect();
    NORMS.iter().any(|norm| plain.contains(norm)) || text.split(|c: char| !c.is_ascii_alphanumeric()).any(is_bn)
}

/// `bn`, `bn1`, `BN_2`: a word by which modules call their normalisations.
fn is_bn(word: &str) -> bool {
    word.trim_end_matches(|c: char| c.is_ascii_digit()).eq_ignore_ascii_case("bn")
}

#[cfg(test)]
mod tests {
    use super::names_norm;

    #[test]
    fn names_of_normalisations() {
        let told = [
            "conv1.weight_bias",
            "model/conv1/Conv2D_weights_fused_bn",
            "model/batch_normalization/FusedBatchNormV3;model/conv1/Conv2D",
            "StatefulPartitionedCall/stem/bn1/FusedBatchNormV3",
            "block.bn.weight",
            "FuseBatchNormIntoConv, RemoveOptionalBiasFromConv",
        ];
        assert!(told.iter().all(|name| names_norm(name)));
        let others = ["conv1.weight", "conv1.bias", "layer1/subnet/Conv2D", "features.0.bias", "abn.weight"];
        assert!(!others.iter().any(|name| names_norm(name)));
    }
}

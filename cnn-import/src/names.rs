//! What layers are called: as in the model, as far as the file tells.
//!
//! PyTorch's newer exporter keeps the names of weights, `layer1.0.conv1.weight`, and a node's module in its metadata. The older one
//! renames weights, but nodes are called `/layer1/layer1.0/conv1/Conv`. TensorFlow's nodes are called `block1/conv/Conv2D`. Other
//! files name weights or nodes in any way, or not at all.

mod groups;
mod repeated;

use cnn_net::op::Kind;

use crate::graph::{Graph, Node};
use crate::lower::Draft;

pub(crate) use self::repeated::grouped;

/// Ends of the names of weights that are not part of the layer's name.
const ENDS: [&str; 28] = [
    ".w_0",
    ".w_1",
    ".b_0",
    ".b_1",
    "_scale",
    "_offset",
    ".weight_bias",
    ".weight",
    ".bias",
    ".running_mean",
    ".running_var",
    ".scale",
    "_weight",
    "_bias",
    "_weights",
    "/weight",
    "/bias",
    "/weights",
    "/kernel",
    "/gamma",
    "/beta",
    "_w",
    "_b",
    ".w",
    ".b",
    "_kernel",
    ".gamma",
    ".beta",
];

/// The names that layers should have: `group.name`, or `group.` for one without a name.
pub(crate) fn wishes(graph: &Graph<'_>, drafts: &[Draft<'_>]) -> Vec<String> {
    let mut modules: Vec<Option<Vec<String>>> = drafts.iter().map(|draft| module(&graph.nodes[draft.node])).collect();
    let weights: Vec<Option<Vec<String>>> = drafts.iter().map(of_weight).collect();
    let mut paths: Vec<Vec<String>> = Vec::with_capacity(drafts.len());
    for ((draft, module), weight) in drafts.iter().zip(&modules).zip(weights) {
        paths.push(match weight {
            Some(weight) if !draft.tensors.is_empty() => weight,
            Some(_) | None if draft.tensors.is_empty() => module.clone().unwrap_or_default(),
            Some(_) | None => module.clone().or_else(|| plain(&graph.nodes[draft.node])).unwrap_or_default(),
        });
    }
    if is_tensorflow(graph, drafts) {
        without_scopes(drafts, &mut paths);
        without_names_of_functions(drafts, &mut paths, &mut modules);
    } else {
        without_model(&mut paths);
    }
    groups::split(drafts, &mut paths);
    // A module with layers in it is a group; one without is the layer itself.
    let is_group = |path: &[String]| {
        path.is_empty() || paths.iter().any(|other| other.len() > path.len() && other.starts_with(path))
    };
    let has_names = drafts.iter().zip(&paths).any(|(draft, path)| !draft.tensors.is_empty() && !path.is_empty());
    let wish = |(draft, path): (&Draft<'_>, &Vec<String>)| {
        if draft.tensors.is_empty() {
            let is_merge = is_merge(draft);
            let group = if is_merge || is_group(path) { &path[..] } else { &path[..path.len() - 1] };
            return joined(group, "");
        }
        match path.split_last() {
            Some((name, group)) if !is_group(path) => joined(group, name),
            Some(_) => joined(path, draft.op.name()),
            None if has_names => draft.op.name().to_owned(),
            None => String::new(),
        }
    };
    let mut wishes: Vec<String> = drafts.iter().zip(&paths).map(wish).collect();
    let is_known = |index: usize| modules[index].is_some() || !drafts[index].tensors.is_empty();
    groups::fill(drafts, &mut wishes, is_known);
    // A layer that joins one more module's value belongs to that module.
    for (index, draft) in drafts.iter().enumerate().filter(|(_, draft)| draft.is_link) {
        let group = |index: usize| wishes[index].rsplit_once('.').map(|(group, _)| group.to_owned());
        if let [first, .., last] = &*draft.inputs
            && let Some(group) = groups::between(drafts, group, *first, *last)
            && !group.is_empty()
        {
            wishes[index] = format!("{group}.");
        }
    }
    groups::leave_bare(drafts, &mut wishes);
    wishes
}

pub(super) fn is_merge(draft: &Draft<'_>) -> bool {
    matches!(draft.op.facts().kind, Kind::Concatenation | Kind::Addition | Kind::Multiplication | Kind::Maximum)
}

fn joined(group: &[String], name: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{}.{name}", group.join(".")) }
}

/// The name of a layer by its weight.
fn of_weight(draft: &Draft<'_>) -> Option<Vec<String>> {
    let name = draft.tensors.iter().map(|weight| weight.name).find(|name| is_given(name))?;
    // What TensorFlow adds, and the number of an output.
    let name = name.trim_end_matches("/read").split(':').next().unwrap_or_default();
    let name = name.trim_end_matches("/ReadVariableOp");
    let stem = ENDS.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    // Caffe2 writes `gpu_0/conv1_w_0`.
    let numbered = || {
        let (stem, number) = name.rsplit_once('_')?;
        number.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
        ["_w", "_b", "_scale", "_bias", "_mean", "_var", "_s", "_rm", "_riv"]
            .iter()
            .find_map(|end| stem.strip_suffix(end))
    };
    let path = without_operators(path(numbered().unwrap_or(stem)), name);
    (!path.is_empty()).then_some(path)
}

/// What TensorFlow calls the parts of a layer: `functional_1/conv2d_1/convolution/ReadVariableOp`.
const PARTS: [&str; 13] = [
    "ReadVariableOp",
    "merged_input",
    "convolution",
    "Conv2D",
    "conv_transpose",
    "depthwise",
    "separable_conv2d",
    "moments",
    "Cast",
    "MatMul",
    "Tensordot",
    "BiasAdd",
    "Squeeze",
];

/// A path of modules, without the parts of a layer at its end if the name that it comes from is TensorFlow's.
fn without_operators(mut path: Vec<String>, name: &str) -> Vec<String> {
    let is_part = |last: &str| PARTS.contains(&last) || last.starts_with("ReadVariableOp_");
    if let (true, Some(at)) = (name.contains('/'), path.iter().position(|part| part == "batchnorm")) {
        path.truncate(at.max(1));
    }
    while name.contains('/') && path.len() > 1 && path.last().is_some_and(|last| is_part(last)) {
        path.pop();
    }
    path
}

/// Drops a module that is the whole model, which Keras names `functional_1`.
fn without_model(paths: &mut [Vec<String>]) {
    let is_model = |name: &str| ["functional", "sequential", "model"].iter().any(|word| name.starts_with(word));
    let mut firsts = paths.iter().filter_map(|path| path.first());
    let first = firsts.next().filter(|first| is_model(first)).cloned();
    if first.is_some_and(|first| firsts.all(|other| *other == first)) {
        paths.iter_mut().filter(|path| !path.is_empty()).for_each(|path| drop(path.remove(0)));
    }
}

/// Whether all layers with tensors have names of TensorFlow: `block1/conv/Conv2D`.
fn is_tensorflow(graph: &Graph<'_>, drafts: &[Draft<'_>]) -> bool {
    let is_scoped = |name: &str| name.contains('/') && !name.starts_with('/') && !name.starts_with("gpu_");
    let mut with_tensors = drafts.iter().filter(|draft| !draft.tensors.is_empty());
    with_tensors.all(|draft| {
        is_scoped(graph.nodes[draft.node].name) || draft.tensors.iter().any(|weight| is_scoped(weight.name))
    })
}

/// Drops the modules that all layers are in, and the number that Keras adds to each name when it traces a model once more: `stem_1`.
fn without_scopes(drafts: &[Draft<'_>], paths: &mut [Vec<String>]) {
    let with_tensors = |paths: &[Vec<String>]| -> Vec<Vec<String>> {
        drafts.iter().zip(paths).filter(|(draft, _)| !draft.tensors.is_empty()).map(|(_, path)| path.clone()).collect()
    };
    for _ in 0..DEEPEST {
        let named = with_tensors(paths);
        let Some([first, _, ..]) = named.first().map(Vec::as_slice) else { break };
        if !named.iter().all(|path| path.len() > 1 && path[0] == *first) {
            break;
        }
        for path in paths.iter_mut().filter(|path| path.first() == Some(first)) {
            path.remove(0);
        }
    }
    let untraced = |part: &String| part.strip_suffix("_1").filter(|rest| !rest.is_empty()).map(str::to_owned);
    if with_tensors(paths).iter().flatten().all(|part| untraced(part).is_some()) {
        for part in paths.iter_mut().flatten() {
            *part = untraced(part).unwrap_or_else(|| part.clone());
        }
    }
}

/// Keras also names activations and sums, but these names say nothing about groups.
fn without_names_of_functions(drafts: &[Draft<'_>], paths: &mut [Vec<String>], modules: &mut [Option<Vec<String>>]) {
    for ((draft, path), module) in drafts.iter().zip(paths).zip(modules) {
        if draft.tensors.is_empty() && path.len() < 2 {
            path.clear();
            *module = None;
        }
    }
}

/// What exporters call constants, followed by a number.
const NUMBERED: [&str; 9] =
    ["val", "const", "tmp", "view", "_to_copy", "getitem", "lifted_tensor", "scalar_tensor_default", "arith.constant"];

/// Whether a name was given by a person, and not by an exporter.
pub(crate) fn is_given(name: &str) -> bool {
    let has_word = name.chars().any(char::is_alphabetic);
    let is_numbered = |stem: &str| {
        let rest = name.strip_prefix(stem).unwrap_or("x").trim_start_matches('_');
        rest.bytes().all(|byte| byte.is_ascii_digit())
    };
    has_word
        && !name.contains("::")
        && !name.starts_with("const_fold_opt__")
        && !NUMBERED.iter().any(|stem| is_numbered(stem))
}

/// The modules that a node is in, if the file says so.
fn module(node: &Node<'_>) -> Option<Vec<String>> {
    if let Some((_, scopes)) = node.metadata.iter().find(|(key, _)| *key == "pkg.torch.onnx.name_scopes") {
        // `['', 'layer1', 'layer1.0', 'conv2d']`, of which the last is the operator.
        let scopes: Vec<&str> = scopes.split('\'').skip(1).step_by(2).collect();
        let [.., module, _] = &*scopes else { return None };
        return Some(path(module));
    }
    if let Some(scopes) = node.name.strip_prefix('/') {
        return Some(of_scopes(scopes));
    }
    node.name.rsplit_once('/').map(|(module, _)| without_operators(path(module), node.name))
}

/// A name of a node that says nothing about modules.
fn plain(node: &Node<'_>) -> Option<Vec<String>> {
    let digits = node.name.trim_start_matches(|c: char| c.is_alphabetic());
    let is_counted = node.name.len() - digits.len() < 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
    (!is_counted && !is_operator(node)).then(|| path(node.name))
}

/// Whether a node is called after its operator: `Conv_12`, `node_conv2d_3`, `p2o.Conv.0`.
fn is_operator(node: &Node<'_>) -> bool {
    let name = node.name.trim_start_matches("node_").trim_start_matches("p2o.");
    let is_more = |rest: &str| rest.chars().all(|c| c.is_ascii_digit() || ['_', '.', '-'].contains(&c));
    let has_op = name.get(..node.op.len()).is_some_and(|start| start.eq_ignore_ascii_case(node.op));
    !is_given(name) || node.name.starts_with("node_") || has_op && is_more(&name[node.op.len()..])
}

/// `layer1/layer1.0/conv1/Conv`: a module in a sequence repeats the name of that.
fn of_scopes(scopes: &str) -> Vec<String> {
    let mut parts: Vec<&str> = scopes.split('/').collect();
    parts.pop();
    let (mut path, mut last) = (Vec::new(), "");
    for part in parts {
        let own = part.strip_prefix(last).filter(|_| !last.is_empty()).and_then(|own| own.strip_prefix('.'));
        path.extend(own.unwrap_or(part).split('.').filter(|name| !name.is_empty()).map(clean));
        last = part;
    }
    path.truncate(DEEPEST);
    path
}

/// Groups of nets are not deeper than this.
const DEEPEST: usize = 16;

/// The parts of a name.
fn path(name: &str) -> Vec<String> {
    let parts = name.split(['.', '/']).filter(|part| !part.is_empty() && !part.starts_with("gpu_"));
    parts.take(DEEPEST).map(clean).collect()
}

/// A part of a name as the language can have it.
fn clean(part: &str) -> String {
    part.chars().map(|c| if c.is_control() || c == '"' || c == '\\' { '_' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_in_sequences_are_found() {
        assert_eq!(
            of_scopes("features/features.1/features.1.0/block/block.0/block.0.0/Conv").join("."),
            "features.1.0.block.0.0"
        );
        assert_eq!(of_scopes("layer1/layer1.0/Add").join("."), "layer1.0");
        assert_eq!(of_scopes("Flatten").join("."), "");
    }

    #[test]
    fn names_of_exporters_are_none() {
        for name in ["onnx::Conv_497", "497", "val_12", "const_3", "_to_copy_1"] {
            assert!(!is_given(name), "{name}");
        }
        for name in ["conv1.weight", "gpu_0/conv1_w_0", "value.weight"] {
            assert!(is_given(name), "{name}");
        }
    }
}

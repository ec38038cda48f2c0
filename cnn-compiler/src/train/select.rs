//! Which layers are trained: `only("fc")`, `except("conv*")`.

use cnn_net::graph::Graph;
use cnn_runtime::train::Loss;
use syn::LitStr;

use super::Spec;
use crate::ast::Train;
use crate::report::Report;

impl Spec {
    /// What an attribute asks for, of a net whose convolutions are computed directly if it is `exact`. Names that no layer has are
    /// reported.
    pub fn of(train: &Train, exact: bool, graph: &Graph<'_>, report: &mut Report) -> Self {
        for pattern in train.only.iter().chain(&train.except) {
            if !graph.nodes.iter().any(|node| !node.tensors.is_empty() && selects(&pattern.value(), node.name)) {
                let wrong = format!("no layer with tensors is called `{}`", pattern.value());
                report.error(pattern.span(), format!("{wrong}\nhelp: {}", some_names(graph)));
            }
        }
        let any = |patterns: &[LitStr], name: &str| patterns.iter().any(|pattern| selects(&pattern.value(), name));
        let is_frozen = |name: &str| !train.only.is_empty() && !any(&train.only, name) || any(&train.except, name);
        let frozen = graph.nodes.iter().map(|node| is_frozen(node.name)).collect();
        Self { images: train.images, loss: train.loss.unwrap_or(Loss::CROSS_ENTROPY), frozen, exact }
    }
}

/// Names that could have been meant.
fn some_names(graph: &Graph<'_>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for node in graph.nodes.iter().filter(|node| !node.tensors.is_empty()) {
        let name = node.name.split('.').next().unwrap_or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let shown: Vec<String> = names.iter().take(8).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > shown.len() { ", …" } else { "" };
    format!("there are {}{more}; `*` stands for any text", shown.join(", "))
}

/// Whether a pattern names a layer, or what it is a part of.
fn selects(pattern: &str, name: &str) -> bool {
    let ends = name.match_indices('.').map(|(dot, _)| dot).chain([name.len()]);
    ends.into_iter().any(|end| matches(pattern, &name[..end]))
}

/// Whether text is a pattern with any text in the place of each `*`.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    let inner = text.strip_prefix(first).and_then(|text| text.strip_suffix(last));
    // The first place of each part is as good as any.
    let rest = inner.and_then(|inner| middle.split('*').try_fold(inner, |text, part| Some(text.split_once(part)?.1)));
    rest.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_selects_what_is_in_it() {
        for (pattern, name, expected) in [
            ("fc", "fc", true),
            ("fc", "fc.0", true),
            ("fc", "fc1", false),
            ("fc*", "fc1", true),
            ("layer4.*", "layer4.0.conv1", true),
            ("layer4.*.conv1", "layer4.0.conv1", true),
            ("layer4.*.conv1", "layer4.0.conv2", false),
            ("*.conv1", "layer4.0.conv1", true),
            ("*", "anything", true),
            ("", "fc", false),
            ("layer4", "layer4.0.conv1", true),
            ("4", "layer4.4", false),
            ("a*b*c", "a.c.b.c", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(selects(pattern, name), expected, "{pattern} {name}");
        }
    }
}

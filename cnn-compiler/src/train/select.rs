//! Which layers are trained, `only("fc")`, `except("conv*")`, and what the loss of each output is.

use cnn_net::graph::{Graph, Output};
use cnn_runtime::train::{Criterion, Loss};
use syn::ext::IdentExt as _;
use syn::{Ident, LitStr};

use super::Spec;
use crate::ast::{Losses, Train};
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
        check_names(train, graph, report);
        Self { images: train.images, criteria: criteria(train, graph), frozen, exact }
    }
}

/// What is minimised for each output.
pub(crate) fn criteria(train: &Train, graph: &Graph<'_>) -> Vec<Criterion> {
    let of = |output: &Output<'_>| match &train.loss {
        Some(Losses::All(criterion)) => Some(*criterion),
        Some(Losses::Each(all)) => all.iter().find(|(name, _)| is_of(name, output)).map(|(_, criterion)| *criterion),
        None => None,
    };
    graph.outputs.iter().map(|output| of(output).unwrap_or(Loss::CROSS_ENTROPY.into())).collect()
}

fn is_of(name: &Ident, output: &Output<'_>) -> bool {
    name.unraw() == output.name
}

/// Reports losses of names that are not outputs, and outputs without a loss.
fn check_names(train: &Train, graph: &Graph<'_>, report: &mut Report) {
    let Some(Losses::Each(all)) = &train.loss else { return };
    if !graph.names_outputs() {
        let wrong = "the net's only output has no name\nhelp: say `loss = mean_squared`, for example";
        return report.error(train.place, wrong);
    }
    let names: Vec<String> = graph.outputs.iter().map(|output| format!("`{}`", output.name)).collect();
    for (name, _) in all.iter().filter(|(name, _)| !graph.outputs.iter().any(|output| is_of(name, output))) {
        let wrong = format!("the net has no output `{name}`\nhelp: its outputs are {}", names.join(", "));
        report.error(name.span(), wrong);
    }
    let without = graph.outputs.iter().filter(|output| !all.iter().any(|(name, _)| is_of(name, output)));
    if let Some(output) = without.map(|output| output.name).next() {
        let wrong = format!("the output `{output}` has no loss\nhelp: for example `loss(…, {output} = mean_squared)`");
        report.error(train.place, wrong);
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

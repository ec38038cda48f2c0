//! Guesses which tensor was meant when names differ.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Reverse;

use cnn_net::graph::{Graph, Node, Role};

use super::error::Problem;
use super::file::File;
use super::rename::rename;

/// How many tensors of a file are looked at, far more than nets have: the time must not grow with what a file makes up.
pub(super) const MOST: usize = 2048;

/// A tensor that the net does not know.
#[derive(Clone, Copy)]
pub(super) struct Stranger<'f> {
    pub(super) name: &'f str,
    pub(super) shape: &'f [usize],
}

/// The prefix of all names in the file, including the last dot; empty if any tensor is found under its own name.
pub(super) fn common_prefix<'f>(graph: &Graph<'_>, file: &'f File<'_>) -> &'f str {
    if graph.inference().flat_map(Node::own_tensors).any(|tensor| file.position(tensor.name).is_some()) {
        return "";
    }
    common_prefix_of(graph, file.tensors().iter().map(|entry| entry.name.as_str()))
}

/// The prefix under which most of the net's tensors are found; empty if they are found under their own names.
///
/// It takes more than half of the net's tensors, since a tensor or two can be found in any net by chance.
pub(super) fn common_prefix_of<'f>(graph: &Graph<'_>, names: impl IntoIterator<Item = &'f str>) -> &'f str {
    let counts = prefixes(graph, names);
    let all = graph.inference().flat_map(Node::own_tensors).count();
    let often = counts.into_iter().max_by_key(|(_, count)| *count);
    often.filter(|(prefix, count)| !prefix.is_empty() && 2 * count > all).map_or("", |(prefix, _)| prefix)
}

/// How many of the net's tensors are found under each prefix.
fn prefixes<'f>(graph: &Graph<'_>, names: impl IntoIterator<Item = &'f str>) -> BTreeMap<&'f str, usize> {
    let names: Vec<&str> = names.into_iter().take(MOST).collect();
    let mut counts = BTreeMap::<&str, usize>::new();
    for tensor in graph.inference().flat_map(Node::own_tensors) {
        let prefixes = names.iter().filter_map(|name| name.strip_suffix(tensor.name));
        for prefix in prefixes.filter(|prefix| prefix.is_empty() || prefix.ends_with('.')) {
            *counts.entry(prefix).or_default() += 1;
        }
    }
    counts
}

/// The problem that the net's tensors are found under different prefixes, such as `backbone.` and `head.`, of which rules remove
/// all.
pub(super) fn scattered(graph: &Graph<'_>, file: &File<'_>) -> Option<Problem> {
    const FEW: usize = 8;
    let names: Vec<&str> = file.tensors().iter().take(MOST).map(|entry| entry.name.as_str()).collect();
    let counts = prefixes(graph, names.iter().copied());
    let mut found = BTreeSet::new();
    for tensor in graph.inference().flat_map(Node::own_tensors) {
        let fits = |prefix: &&&str| {
            let position = file.position(&[prefix, tensor.name].concat());
            position.is_some_and(|position| file.tensors()[position].shape == tensor.shape)
        };
        let prefix = counts.keys().filter(fits).max_by_key(|prefix| counts[*prefix])?;
        found.insert(*prefix);
        if found.len() > FEW {
            return None;
        }
    }
    if found.len() < 2 {
        return None;
    }
    let prefixes = found.into_iter().filter(|prefix| !prefix.is_empty());
    let mut rules: Vec<(String, String)> = prefixes.map(|prefix| (format!("{prefix}*"), "*".to_string())).collect();
    // `a.b.` comes before `a.`.
    rules.sort_by_key(|(from, _)| Reverse(from.len()));
    let as_read: Vec<(&str, &str)> = rules.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    let renamed: BTreeSet<String> = names.iter().map(|name| rename(&as_read, (*name).to_string())).collect();
    let has_all = graph.inference().flat_map(Node::own_tensors).all(|tensor| renamed.contains(tensor.name));
    (has_all && renamed.len() == names.len()).then_some(Problem::Wrapped { rules })
}

/// The problem that all of the net's tensors exist under several prefixes, as when an average of the weights is saved with
/// them.
pub(super) fn several(graph: &Graph<'_>, file: &File<'_>) -> Option<Problem> {
    let all = graph.inference().flat_map(Node::own_tensors).count();
    let counts = prefixes(graph, file.tensors().iter().map(|entry| entry.name.as_str()));
    let whole = counts.into_iter().filter(|(_, count)| *count == all && all > 0);
    let prefixes: Vec<_> = whole.map(|(prefix, _)| prefix.to_string()).collect();
    (prefixes.len() > 1 && prefixes.iter().all(|prefix| !prefix.is_empty())).then_some(Problem::Several { prefixes })
}

/// Turns each missing tensor that nearly has a namesake among `strangers` into a misnamed one, and removes the namesake. The
/// most similar pairs are taken first.
pub(super) fn match_names(problems: &mut [Problem], strangers: &mut Vec<Stranger<'_>>) {
    let mut pairs = Vec::new();
    for (missing, problem) in problems.iter().enumerate() {
        let Problem::Missing { name, shape } = problem else { continue };
        for (index, stranger) in strangers.iter().enumerate().take(MOST).filter(|(_, s)| s.shape == shape) {
            pairs.extend(difference(name, stranger.name).map(|difference| (difference, missing, index)));
        }
    }
    pairs.sort_unstable();
    let mut taken = alloc::vec![false; strangers.len()];
    for (_, missing, index) in pairs {
        if let Problem::Missing { name, shape } = &problems[missing]
            && !taken[index]
        {
            let (name, shape, found) = (name.clone(), shape.clone(), strangers[index].name.to_string());
            problems[missing] = Problem::Misnamed { name, found, shape };
            taken[index] = true;
        }
    }
    let mut taken = taken.into_iter();
    strangers.retain(|_| taken.next() == Some(false));
}

/// How different two names are; `None` if they are too different to be confused.
fn difference(ours: &str, theirs: &str) -> Option<usize> {
    let (our_layer, our_role) = split(ours);
    let (their_layer, their_role) = split(theirs);
    if our_role.is_some() && our_role == their_role {
        edits(our_layer, their_layer, limit(ours))
    } else if our_role.is_none() || their_role.is_none() {
        edits(ours, theirs, limit(ours))
    } else {
        None
    }
}

/// How many edits can still be a slip.
fn limit(name: &str) -> usize {
    (name.len() / 5).max(2)
}

/// The layer and the tensor's role in it, also in the vocabulary of other frameworks.
fn split(name: &str) -> (&str, Option<Role>) {
    let (layer, last) = name.rsplit_once('.').unwrap_or(("", name));
    let role = match last {
        "weight" | "kernel" | "gamma" | "scale" | "slope" => Some(Role::Weight),
        "bias" | "beta" => Some(Role::Bias),
        "running_mean" | "moving_mean" | "mean" => Some(Role::RunningMean),
        "running_var" | "moving_variance" | "var" | "variance" => Some(Role::RunningVar),
        _ => None,
    };
    (layer, role)
}

/// How many bytes have to be inserted, deleted or replaced to turn one name into the other (the Levenshtein distance), if at
/// most `limit`.
fn edits(a: &str, b: &str, limit: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    // `row[j]` is the distance between what was read of `a` and the first `j` bytes of `b`.
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().filter(|distance| *distance <= limit)
}

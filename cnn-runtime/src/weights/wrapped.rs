//! Names that wrappers around a net's modules have left in a file: `conv1._orig_mod.weight`, `module.fc.bias`.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use cnn_net::graph::{Graph, Node};

use super::error::Problem;
use super::file::File;
use super::rename::rename;
use super::similar::{MOST, common_prefix_of};

/// PyTorch's names for the module inside a wrapper: of `torch.compile`, `DataParallel`, FSDP, activation checkpoints and
/// DeepSpeed.
const WRAPPERS: [&str; 5] =
    ["_orig_mod", "module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module"];

/// Rules are shown in full, so longer ones are not proposed.
const LONGEST: usize = 200;

/// The rules that remove wrappers from the middle of names, if the net's tensors are found with them.
///
/// A wrapper around the whole net is a prefix of all names, and has its own kind of problem.
pub(super) fn find(graph: &Graph<'_>, file: &File<'_>) -> Option<Problem> {
    let names: Vec<&str> = file.tensors().iter().take(MOST).map(|entry| entry.name.as_str()).collect();
    let is_ours = |name: &str| graph.inference().flat_map(Node::own_tensors).any(|tensor| tensor.name == name);
    let mut rules: Vec<(String, String)> = Vec::new();
    for name in names.iter().filter(|name| !is_ours(name)) {
        for rule in rules_of(name) {
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
    }
    // Outer wrappers come before inner ones.
    rules.sort_by_key(|(_, to)| to.len());
    let renamed = |rules: &[(String, String)]| -> Vec<String> {
        let rules: Vec<(&str, &str)> = rules.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
        names.iter().map(|name| rename(&rules, (*name).to_string())).collect()
    };
    let unwrapped = renamed(&rules);
    let prefix = common_prefix_of(graph, unwrapped.iter().map(String::as_str));
    if !prefix.is_empty() {
        rules.push((format!("{prefix}*"), "*".to_string()));
    }
    let found = |names: &[String]| names.iter().filter(|name| is_ours(name)).count();
    let after = renamed(&rules);
    let is_short = rules.iter().all(|(from, _)| from.len() <= LONGEST);
    let is_injective = after.iter().collect::<BTreeSet<_>>().len() == after.len();
    let is_prefix = rules.iter().all(|(_, to)| to == "*");
    let is_better = found(&after) > found(&renamed(&[]));
    let only_some_have_it = found(&renamed(&[])) > 0;
    (is_better && is_short && is_injective && (!is_prefix || only_some_have_it)).then_some(Problem::Wrapped { rules })
}

/// A rule for each wrapper in a name, the outermost first.
fn rules_of(name: &str) -> Vec<(String, String)> {
    let (mut rules, mut before) = (Vec::new(), String::new());
    for part in name.split_inclusive('.') {
        if part.strip_suffix('.').is_some_and(|part| WRAPPERS.contains(&part)) {
            rules.push((format!("{before}{part}*"), format!("{before}*")));
        } else {
            before.push_str(part);
        }
    }
    rules
}

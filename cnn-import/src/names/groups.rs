//! Groups that a file doesn't state: found by the beginnings of names, and by neighbours.

use std::collections::{BTreeMap, BTreeSet};

use cnn_net::graph::Value;
use cnn_net::op::Kind;

use crate::lower::Draft;

/// Fewer layers are not made a group just because their names begin alike.
const LEAST: usize = 3;

/// Layers that take longer to find a group for have none.
const MOST_ROUNDS: usize = 16;

/// Splits flat names, `res2_0_branch2a` and `res2_0_branch2b`, at what several neighbours begin with.
pub(super) fn split(drafts: &[Draft<'_>], paths: &mut [Vec<String>]) {
    let named: Vec<usize> = (0..drafts.len()).filter(|index| !drafts[*index].tensors.is_empty()).collect();
    if named.iter().any(|index| paths[*index].len() != 1) {
        return;
    }
    let names: Vec<String> = named.iter().map(|index| paths[*index][0].clone()).collect();
    // For each beginning, the places of the layers whose names have it.
    let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, name) in names.iter().enumerate() {
        for (at, _) in name.match_indices('_') {
            places.entry(name[..at].to_owned()).or_default().push(place);
        }
    }
    // `conv2d_1` and `conv2d_2` are counted, and no parts of `conv2d`.
    let is_counted = |stem: &str, place: usize| {
        let rest = &names[place][stem.len()..];
        rest.trim_start_matches('_').starts_with(|c: char| c.is_ascii_digit())
    };
    let is_group = |stem: &str| {
        let Some(places @ [first, .., last]) = places.get(stem).map(Vec::as_slice) else { return false };
        let are_neighbours = last - first + 1 == places.len();
        let is_word = stem.ends_with(|c: char| c.is_ascii_alphanumeric());
        let is_counted = places.iter().any(|place| is_counted(stem, *place));
        are_neighbours && is_word && !is_counted && (LEAST..named.len()).contains(&places.len())
    };
    for (index, name) in named.iter().zip(&names) {
        let stem = name.match_indices('_').map(|(at, _)| &name[..at]).rfind(|stem| is_group(stem));
        if let Some(stem) = stem {
            let (stem, rest) = (stem.to_owned(), name[stem.len()..].trim_start_matches('_').to_owned());
            if !rest.is_empty() {
                paths[*index] = vec![stem, rest];
            }
        }
    }
}

/// The group of all layers on the ways from one value to another.
pub(super) fn between(
    drafts: &[Draft<'_>],
    group: impl Fn(usize) -> Option<String>,
    from: Value,
    to: Value,
) -> Option<String> {
    let (mut seen, mut open, mut all) = (BTreeSet::new(), vec![to], None);
    while let Some(value) = open.pop() {
        let Value::Node(index) = value else { continue };
        if value <= from || !seen.insert(index) {
            continue;
        }
        if let Some(own) = group(index) {
            all = Some(all.map_or_else(|| own.clone(), |all: String| common(&all, &own)));
        }
        open.extend(&drafts[index].inputs);
    }
    all
}

/// Puts layers of which the file doesn't say it into the groups of their neighbours.
pub(super) fn fill(drafts: &[Draft<'_>], wishes: &mut [String], is_known: impl Fn(usize) -> bool) {
    let own = |index: usize| is_known(index).then(|| group_of(&wishes[index]).to_owned());
    let mut groups: Vec<Option<String>> = (0..drafts.len()).map(own).collect();
    for _ in 0..MOST_ROUNDS {
        let mut is_new = false;
        for index in 0..drafts.len() {
            if groups[index].is_none()
                && let Some(group) = found(drafts, &groups, index)
            {
                groups[index] = Some(group);
                is_new = true;
            }
        }
        if !is_new {
            break;
        }
    }
    for (index, group) in groups.into_iter().enumerate().filter(|(index, _)| !is_known(*index)) {
        wishes[index] = match group {
            Some(group) if !group.is_empty() => format!("{group}."),
            Some(_) | None => String::new(),
        };
    }
}

/// Puts layers that are in a group without any tensors into the group around that: nothing in it is called by a name.
pub(super) fn leave_bare(drafts: &[Draft<'_>], wishes: &mut [String]) {
    let mut named: BTreeSet<&str> = BTreeSet::new();
    let with_tensors = drafts.iter().zip(&*wishes).filter(|(draft, _)| !draft.tensors.is_empty());
    let names: Vec<String> = with_tensors.map(|(_, wish)| wish.clone()).collect();
    for name in &names {
        named.extend(name.match_indices('.').map(|(at, _)| &name[..at]));
    }
    for (_, wish) in drafts.iter().zip(wishes).filter(|(draft, _)| draft.tensors.is_empty()) {
        let mut group = group_of(wish);
        while !group.is_empty() && !named.contains(group) {
            group = group_of(group);
        }
        *wish = if group.is_empty() { String::new() } else { format!("{group}.") };
    }
}

/// The group of a layer, once those of its neighbours are known.
fn found(drafts: &[Draft<'_>], groups: &[Option<String>], index: usize) -> Option<String> {
    let of = |value: &Value| match value {
        Value::Input(_) => Some(String::new()),
        Value::Node(index) => groups[*index].clone(),
    };
    let draft = &drafts[index];
    match draft.op.facts().kind {
        // What cuts a value into parts is where these are read.
        Kind::Rearrangement => readers(drafts, groups, |value| of_node(drafts, value) == Some(draft.node)),
        Kind::MaxPooling | Kind::AveragePooling | Kind::Resampling | Kind::Reordering => {
            let readers_of = drafts.iter().filter(|other| other.inputs.contains(&Value::Node(index))).count();
            match readers_of {
                1 => readers(drafts, groups, |value| *value == Value::Node(index)),
                _ => Some(String::new()),
            }
        }
        _ => {
            let all = draft.inputs.iter().map(of).reduce(|a, b| Some(common(&a?, &b?)))??;
            // Of a value that skips a group, and the end of that group.
            let (first, last) = (draft.inputs.iter().min()?, draft.inputs.iter().max()?);
            let skipped = || between(drafts, |index| groups[index].clone(), *first, *last);
            if all.is_empty() { skipped() } else { Some(all) }
        }
    }
}

fn of_node(drafts: &[Draft<'_>], value: &Value) -> Option<usize> {
    match value {
        Value::Node(index) => Some(drafts[*index].node),
        Value::Input(_) => None,
    }
}

/// The group that all layers are in which read such values, if it is known.
fn readers(drafts: &[Draft<'_>], groups: &[Option<String>], is_such: impl Fn(&Value) -> bool) -> Option<String> {
    let is_reader = |draft: &Draft<'_>| draft.inputs.iter().any(&is_such);
    let readers = drafts.iter().zip(groups).filter(|(draft, _)| is_reader(draft));
    readers.map(|(_, group)| group.clone()).reduce(|a, b| Some(common(&a?, &b?)))?
}

fn group_of(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(group, _)| group)
}

/// The group that two groups are in.
fn common(a: &str, b: &str) -> String {
    let same = a.split('.').zip(b.split('.')).take_while(|(a, b)| a == b);
    same.map(|(part, _)| part).collect::<Vec<_>>().join(".")
}

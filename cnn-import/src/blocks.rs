//! Blocks: groups of layers that a declaration says once.
//!
//! Groups are equal if the same layers with the same names read from each other; only numbers may differ, which become parameters.
//! Their name is that of the module's class, if the file has it, or else it follows from what they do.

use std::collections::{BTreeMap, BTreeSet};

use cnn_net::graph::Value;
use cnn_net::op::{Argument, Kind, Op, Slot};

use crate::graph::Graph;
use crate::net::Layer;

/// Groups of fewer layers with weights are as easy to read where they are.
pub(crate) const LEAST_WEIGHTS: usize = 2;

/// A call of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) block: String,
    pub(crate) name: String,
}

/// Groups with the same signature.
struct Block {
    /// The full names of the groups.
    groups: Vec<String>,
    /// The first layer of the first group.
    first: usize,
    /// The layers of the first group.
    layers: Vec<usize>,
}

/// The calls that each layer is in, outermost first. Blocks with the names `without` are left out.
pub(crate) fn calls(graph: &Graph<'_>, layers: &[Layer<'_>], without: &[String]) -> Vec<Vec<Call>> {
    let mut blocks: BTreeMap<String, Block> = BTreeMap::new();
    for (name, members) in groups(layers) {
        if let Some(signature) = signature(layers, &name, &members) {
            let (first, all) = (members[0], members);
            let block = blocks.entry(signature).or_insert(Block { groups: Vec::new(), first, layers: all });
            block.groups.push(name);
        }
    }
    let blocks = blocks.into_values().filter(|block| block.groups.len() > 1).collect();
    let mut blocks = worthwhile(layers, blocks);
    blocks.sort_by_key(|block| block.first);
    let names = names(graph, layers, &blocks);
    let mut called: BTreeMap<&str, &str> = BTreeMap::new();
    for (block, name) in blocks.iter().zip(&names).filter(|(_, name)| !without.contains(name)) {
        called.extend(block.groups.iter().map(|group| (&**group, &**name)));
    }
    let of = |layer: &Layer<'_>| {
        // Layers that occur again have the name of another place.
        let own = layer.again.is_none().then(|| prefixes(&layer.name)).into_iter().flatten();
        let found = own.filter_map(|group| Some((group, *called.get(group)?)));
        found.map(|(name, block)| Call { block: block.to_owned(), name: name.to_owned() }).collect()
    };
    layers.iter().map(of).collect()
}

/// Without blocks that would only make a reader look twice: those that do nothing but call several others, and those that are all
/// that another one contains, wherever they are called.
fn worthwhile(layers: &[Layer<'_>], mut blocks: Vec<Block>) -> Vec<Block> {
    let parent = |group: &str| group.rsplit_once('.').map(|(parent, _)| parent.to_owned());
    let sizes: BTreeMap<String, usize> =
        groups(layers).into_iter().map(|(name, members)| (name, members.len())).collect();
    let home: BTreeMap<String, usize> = blocks
        .iter()
        .enumerate()
        .flat_map(|(index, block)| block.groups.iter().map(move |it| (it.clone(), index)))
        .collect();
    let is_lining = |block: &Block| {
        let outer = |group: &String| {
            let around = parent(group).filter(|around| sizes.get(around) == sizes.get(group))?;
            home.get(&around).copied()
        };
        let outer: Option<Vec<usize>> = block.groups.iter().map(outer).collect();
        outer.is_some_and(|outer| outer.windows(2).all(|pair| pair[0] == pair[1]))
    };
    let lining: Vec<bool> = blocks.iter().map(is_lining).collect();
    let mut is_lining = lining.into_iter();
    blocks.retain(|_| !is_lining.next().unwrap_or(false));
    let called: BTreeSet<String> = blocks.iter().flat_map(|block| block.groups.iter().cloned()).collect();
    blocks.retain(|block| {
        let Some(group) = block.groups.first() else { return false };
        let inner = |layer: &usize| {
            let mut around = prefixes(&layers[*layer].name).filter(|around| around.len() > group.len());
            around.find(|around| called.contains(*around)).map(str::to_owned)
        };
        let inner: Option<Vec<String>> = block.layers.iter().map(inner).collect();
        // A part that others also have is a block of another kind.
        inner.is_none_or(|inner| inner.windows(2).all(|pair| pair[0] == pair[1]))
    });
    blocks
}

/// The groups around a name, the outermost first.
fn prefixes(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('.').map(|(at, _)| &name[..at])
}

/// The layers of each group.
fn groups(layers: &[Layer<'_>]) -> BTreeMap<String, Vec<usize>> {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, layer) in layers.iter().enumerate().filter(|(_, layer)| layer.again.is_none()) {
        for group in prefixes(&layer.name) {
            groups.entry(group.to_owned()).or_default().push(index);
        }
    }
    groups
}

/// What equal groups have in common, unless a group is too small for a block, or reads several values from outside.
fn signature(layers: &[Layer<'_>], group: &str, members: &[usize]) -> Option<String> {
    let weights = members.iter().filter(|index| is_weighted(&layers[**index].op)).count();
    if weights < LEAST_WEIGHTS {
        return None;
    }
    // A declaration can't express a group in pieces.
    if members.windows(2).any(|pair| pair[0] + 1 != pair[1]) {
        return None;
    }
    // They are in the order of the layers.
    let place = |value: &Value| match value {
        Value::Node(index) => members.binary_search(index).ok(),
        Value::Input(_) => None,
    };
    let (mut outside, mut signature) = (None, String::new());
    for index in members {
        let layer = &layers[*index];
        let inputs = layer.inputs.iter().map(|input| {
            let inner = place(input);
            if inner.is_none() && *outside.get_or_insert(*input) != *input {
                return None;
            }
            Some(inner.map_or_else(|| "in".to_owned(), |inner| inner.to_string()))
        });
        let inputs: Vec<String> = inputs.collect::<Option<_>>()?;
        let own = &layer.name[group.len() + 1..];
        signature += &format!("{own}: {}({}) {inputs:?}\n", layer.op.name(), words(&layer.op));
    }
    // Nothing but the end of the group is read outside.
    let is_inner = |value: &Value| place(value).is_some_and(|place| place + 1 < members.len());
    let outer = layers.iter().enumerate().filter(|(index, _)| members.binary_search(index).is_err());
    let is_read = outer.flat_map(|(_, layer)| &layer.inputs).any(is_inner);
    (!is_read).then_some(signature)
}

pub(crate) fn is_weighted(op: &Op) -> bool {
    matches!(op.facts().kind, Kind::Convolution | Kind::FullyConnected)
}

/// The arguments of a layer that can't be parameters.
pub(crate) fn words(op: &Op) -> String {
    struct Words(String);
    impl Argument for Words {
        fn argument(&mut self, name: &'static str, _: bool, slot: Slot<'_>) {
            match slot {
                Slot::Flag(field) => self.0 += &format!("{name}={} ", field.value),
                Slot::Word(word, _) => self.0 += &format!("{name}={} ", word.index()),
                Slot::Real(field, _) => self.0 += &format!("{name}={} ", field.value),
                Slot::Perhaps(number, ..) => self.0 += &format!("{name}={number:?} "),
                Slot::Shape(field) => self.0 += &format!("{name}={} ", field.value),
                _ => {}
            }
        }
    }
    let mut words = Words(String::new());
    let mut op = *op;
    op.arguments(&mut words);
    words.0
}

/// A name for each block, all of them different.
fn names(graph: &Graph<'_>, layers: &[Layer<'_>], blocks: &[Block]) -> Vec<String> {
    let stems: Vec<String> = blocks.iter().map(|block| stem(graph, layers, block)).collect();
    let mut names: Vec<String> = Vec::with_capacity(blocks.len());
    for (block, stem) in blocks.iter().zip(&stems) {
        let own = children(layers, block);
        let others = blocks.iter().zip(&stems).filter(|(other, its)| *its == stem && other.first != block.first);
        let others: Vec<Vec<String>> = others.map(|(other, _)| children(layers, other)).collect();
        // By a part that only this one of its kind has.
        let extra = own.iter().find(|child| is_word(child) && others.iter().all(|other| !other.contains(child)));
        let wish = match extra {
            Some(extra) if !others.is_empty() && others.iter().any(|other| !other.is_empty()) => {
                format!("{stem}_{extra}")
            }
            Some(_) | None => stem.clone(),
        };
        let numbered = (2..).map(|number| format!("{wish}_{number}"));
        let free = std::iter::once(wish.clone()).chain(numbered).find(|name| !names.contains(name));
        names.push(free.unwrap_or(wish));
    }
    names
}

fn is_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The names of the steps in a block's first group that have one.
fn children(layers: &[Layer<'_>], block: &Block) -> Vec<String> {
    let Some(group) = block.groups.first() else { return Vec::new() };
    let own =
        |index: &usize| layers[*index].name[group.len() + 1..].split('.').next().unwrap_or_default().to_lowercase();
    let mut children: Vec<String> = block.layers.iter().map(own).collect();
    children.dedup();
    children
}

/// The class of the modules, or a word for what they do.
fn stem(graph: &Graph<'_>, layers: &[Layer<'_>], block: &Block) -> String {
    let class = block.groups.first().and_then(|group| class(graph, layers, block, group));
    if let Some(class) = class {
        return class;
    }
    let last = block.layers.iter().rev().map(|index| layers[*index].op.facts().kind);
    let merge =
        last.into_iter().find(|kind| matches!(kind, Kind::Addition | Kind::Concatenation | Kind::Multiplication));
    // `inception3a`, `inception3b`: what they have in common.
    let word = |group: &String| {
        let own = group.rsplit('.').next().unwrap_or_default();
        own.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default().trim_end_matches(['_', '-']).to_lowercase()
    };
    let words: Vec<String> = block.groups.iter().map(word).collect();
    match (&*words, merge) {
        ([first, ..], _) if first.len() > 2 && words.iter().all(|word| word == first) && is_word(first) => {
            usable(first.clone())
        }
        (_, Some(Kind::Addition)) => "residual".to_owned(),
        (_, Some(Kind::Concatenation)) => "joined".to_owned(),
        (_, Some(Kind::Multiplication)) => "gated".to_owned(),
        _ => "part".to_owned(),
    }
}

/// A name that a block can have, which no layer has.
fn usable(name: String) -> String {
    let is_layer = Op::layers().any(|layer| layer.name() == name);
    let is_keyword = cnn_net::language::KEYWORDS.contains(&&*name)
        || ["type", "mod", "loop", "match", "self", "box"].contains(&&*name);
    match &*name {
        "block" => "body".to_owned(),
        _ if is_layer || is_keyword => format!("{name}_block"),
        _ => name,
    }
}

/// The class of a group's module, in the form of a name: `InvertedResidual` is `inverted_residual`.
fn class(graph: &Graph<'_>, layers: &[Layer<'_>], block: &Block, group: &str) -> Option<String> {
    let depth = group.split('.').count();
    block.layers.iter().find_map(|index| {
        let node = &graph.nodes[layers[*index].node];
        let list = |key: &str| {
            let (_, list) = node.metadata.iter().find(|(known, _)| *known == key)?;
            Some(list.split('\'').skip(1).step_by(2).collect::<Vec<&str>>())
        };
        let scopes = list("pkg.torch.onnx.name_scopes")?;
        let at = scopes.iter().position(|scope| *scope == group).or_else(|| {
            // Names may have been changed where they were taken.
            scopes.iter().position(|scope| scope.split('.').count() == depth && !scope.is_empty())
        })?;
        let class = list("pkg.torch.onnx.class_hierarchy")?.get(at)?.rsplit('.').next()?.to_owned();
        let is_container = ["Sequential", "ModuleList", "ModuleDict"].contains(&&*class);
        let name = snake(class.trim_start_matches('_'));
        (!is_container && is_word(&name)).then(|| usable(name))
    })
}

fn snake(class: &str) -> String {
    let mut name = String::new();
    let chars: Vec<char> = class.chars().collect();
    for (index, c) in chars.iter().enumerate() {
        let before = index.checked_sub(1).map(|index| chars[index]);
        let after = chars.get(index + 1);
        let begins = c.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase() || before.is_ascii_digit() || after.is_some_and(|c| c.is_lowercase())
            })
            && before != Some('_');
        if begins {
            name.push('_');
        }
        name.extend(c.to_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_become_names() {
        assert_eq!(snake("InvertedResidual"), "inverted_residual");
        assert_eq!(snake("BasicConv2d"), "basic_conv2d");
        assert_eq!(snake("CNBlock"), "cn_block");
        assert_eq!(snake("_DenseLayer"), "_dense_layer");
    }
}

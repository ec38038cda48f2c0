//! From pipelines to chains of items: letters are fused with the block before them; calls of blocks and copies of groups
//! are folded.

use std::collections::{BTreeMap, BTreeSet};

use cnn_runtime::graph::{Call, Graph, Value};
use cnn_runtime::op::Shape;

use super::groups::{Run, runs};
use super::labels::{is_left_out, label, letter, title};
use super::pipeline::{Part, Pipelines};
use super::stages::frame_stages;
use super::{Chain, Frame, Head, Inset, Item, Label, Picture, Span, Unit, What};
use crate::Options;
use crate::text::{thousands, times};
use crate::theme::Kind;

/// A net as it is drawn.
pub(super) fn picture(graph: &Graph<'_>, options: &Options) -> Picture {
    let pipelines = Pipelines::new(graph);
    let mut builder = Builder::new(graph, options);
    let inside = builder.chain(&pipelines.between(Value::Input, graph.result), 0, "");
    let mut trunk = Chain::default();
    trunk.items.push(builder.port("input", graph.input));
    trunk.append(inside);
    trunk.items.push(builder.port("output", graph.output));
    frame_stages(&mut trunk);
    builder.folds = false;
    let heads = graph.aux.iter().map(|aux| {
        let fork = pipelines.fork(aux.result);
        let behind = match fork {
            Value::Input => 0,
            Value::Node(node) => trunk.items.iter().position(|item| item.nodes.contains(&node)).unwrap_or(0),
        };
        let chain = builder.chain(&pipelines.between(fork, aux.result), 0, "");
        Head { name: aux.name.to_owned(), weight: aux.weight, chain, behind }
    });
    let heads = heads.collect();
    Picture { trunk, insets: builder.insets, heads }
}

/// What a group is called, which has no name of a block.
const GROUP: &str = "group";

/// A call of a block, or a copy of a group.
struct Called<'a, 'p> {
    call: Call<'a>,
    parts: &'p [Part],
    /// Identifiers that were taken before what is inside got some.
    taken: BTreeSet<String>,
}

struct Builder<'a> {
    graph: &'a Graph<'a>,
    options: &'a Options,
    /// Whether calls of blocks are folded.
    folds: bool,
    /// Blocks that are called more than once.
    repeated: BTreeSet<&'a str>,
    /// What auxiliary classifiers hang on, which must not vanish in a fold.
    forks: BTreeSet<usize>,
    insets: Vec<Inset>,
    /// Identifiers that are taken.
    ids: BTreeSet<String>,
}

impl<'a> Builder<'a> {
    fn new(graph: &'a Graph<'a>, options: &'a Options) -> Self {
        let mut calls: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for call in graph.nodes.iter().flat_map(|node| node.calls) {
            calls.entry(call.block).or_default().insert(call.name);
        }
        let repeated = calls.into_iter().filter(|(_, names)| names.len() > 1).map(|(block, _)| block).collect();
        let trunk = |value: &Value| match value {
            Value::Node(node) if graph.nodes[*node].aux.is_none() => Some(*node),
            Value::Node(_) | Value::Input => None,
        };
        let heads = graph.nodes.iter().filter(|node| node.aux.is_some());
        let forks = heads.flat_map(|node| node.inputs.iter().filter_map(trunk)).collect();
        let (insets, ids) = (Vec::new(), BTreeSet::new());
        Self { graph, options, folds: !options.unfold, repeated, forks, insets, ids }
    }

    /// An identifier that nothing has.
    fn id(&mut self, name: &str) -> String {
        let base = format!("{}-{}-{name}", self.graph.name, self.options.detail.name());
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let free = std::iter::once(base.clone()).chain(numbered).find(|id| !self.ids.contains(id));
        let id = free.unwrap_or(base);
        self.ids.insert(id.clone());
        id
    }

    fn port(&mut self, word: &str, shape: Shape) -> Item {
        let label = Label { kind: Kind::Activation, head: word.to_owned(), lines: vec![times(shape)] };
        Item {
            what: What::Port(label),
            letters: Vec::new(),
            as_letter: None,
            shape: shape.into(),
            parameters: 0.into(),
            title: format!("{word}: {}", times(shape)),
            id: self.id(word),
            nodes: Vec::new(),
            path: String::new(),
        }
    }

    /// A pipeline inside so many block calls, and in the group or call `prefix`.
    fn chain(&mut self, parts: &[Part], depth: usize, prefix: &str) -> Chain {
        let mut chain = Chain::default();
        for Run { group, parts, is_repeated } in runs(self.graph, parts, depth, prefix) {
            match group {
                None => self.push_all(parts, depth, prefix, &mut chain),
                Some(name) => {
                    let taken = self.ids.clone();
                    let inside = self.chain(parts, depth, name);
                    if is_repeated {
                        self.push_called(
                            Called { call: Call { block: GROUP, name }, parts, taken },
                            inside,
                            self.folds,
                            &mut chain,
                        );
                    } else {
                        chain.append(inside);
                    }
                }
            }
        }
        chain
    }

    /// Layers, merges and calls of blocks.
    fn push_all(&mut self, parts: &[Part], depth: usize, prefix: &str, chain: &mut Chain) {
        let graph = self.graph;
        let call = |part: &Part| graph.nodes[part.node()].calls.get(depth);
        for parts in parts.chunk_by(|a, b| call(a) == call(b)) {
            match call(&parts[0]) {
                None => parts.iter().for_each(|part| self.push(part, depth, prefix, chain)),
                Some(call) => {
                    let taken = self.ids.clone();
                    let inside = self.chain(parts, depth + 1, call.name);
                    let folds = self.folds && self.repeated.contains(call.block);
                    self.push_called(Called { call: *call, parts, taken }, inside, folds, chain);
                }
            }
        }
    }

    /// A layer or a merge.
    fn push(&mut self, part: &Part, depth: usize, prefix: &str, chain: &mut Chain) {
        let graph = self.graph;
        let node = &graph.nodes[part.node()];
        if is_left_out(&node.op, self.options.detail) {
            return;
        }
        let input = node.inputs.first().map_or(graph.input, |input| graph.shape(*input));
        let label = label(&node.op, input, self.options.detail);
        let what = match part {
            Part::Layer(_) => What::Layer(label),
            Part::Merge(_, branches) => {
                What::Merge(label.kind, branches.iter().map(|branch| self.chain(branch, depth, prefix)).collect())
            }
        };
        let item = Item {
            what,
            letters: Vec::new(),
            as_letter: letter(&node.op),
            shape: node.output.into(),
            parameters: node.parameters().into(),
            title: title(graph, node),
            id: String::new(),
            nodes: part.nodes(),
            path: node.name.to_owned(),
        };
        // What has become a letter needs no name.
        if let Some(item) = chain.fuse(item) {
            let id = self.id(node.name);
            chain.items.push(Item { id, ..item });
        }
    }

    /// A call of a block, or a copy of a group: folded, framed, or as nothing of its own if it is a single item.
    fn push_called(&mut self, called: Called<'_, '_>, mut inside: Chain, folds: bool, chain: &mut Chain) {
        let Called { call, parts, taken } = called;
        if let [] | [Item { what: What::Layer(_) | What::Unit(_), .. }] = inside.items[..] {
            inside.items.iter_mut().for_each(|item| item.path = call.name.to_owned());
            return chain.append(inside);
        }
        if !folds {
            let start = chain.items.len();
            chain.append(inside);
            let label = format!("{} · {}", words(call.block), call.name);
            let range = start..chain.items.len();
            if !range.is_empty() {
                chain.items[range.clone()].iter_mut().for_each(|item| item.path = call.name.to_owned());
                chain.frames.push(Frame { label, range });
            }
            return;
        }
        let unit = self.unit(&call, parts, &inside);
        if self.register(&call, inside) {
            // The inset has the items of another call, and their names.
            self.ids = taken;
        }
        self.push_unit(unit, chain);
    }

    /// A unit of one call.
    fn unit(&self, call: &Call<'_>, parts: &[Part], inside: &Chain) -> Item {
        let nodes: Vec<usize> = parts.iter().flat_map(Part::nodes).collect();
        let layers = || nodes.iter().map(|node| &self.graph.nodes[*node]);
        let parameters: u64 = layers().map(|node| node.parameters()).sum();
        let macs: u64 = layers().map(|node| node.macs).sum();
        let exact = layers().map(|node| format!("{:?}", node.op)).collect::<Vec<_>>().join(";");
        let shape = inside.items.last().map_or(self.graph.output.into(), |item| item.shape);
        let block = if call.block == GROUP { GROUP.to_owned() } else { format!("block {}", call.block) };
        let title = format!(
            "{}: {block}\n  → {shape}\n  {} parameters, {} MACs",
            call.name,
            thousands(parameters),
            thousands(macs),
        );
        Item {
            what: What::Unit(Unit { block: call.block.to_owned(), calls: vec![call.name.to_owned()], exact }),
            letters: Vec::new(),
            as_letter: None,
            shape,
            parameters: parameters.into(),
            title,
            id: String::new(),
            nodes,
            path: call.name.to_owned(),
        }
    }

    /// Puts a unit behind those of the same layers, if one is there.
    fn push_unit(&mut self, item: Item, chain: &mut Chain) {
        if let (Some(last), What::Unit(unit)) = (chain.items.last_mut(), &item.what)
            && let What::Unit(before) = &mut last.what
            && before.exact == unit.exact
            && before.block == unit.block
            && last.letters.is_empty()
            && !last.nodes.iter().any(|node| self.forks.contains(node))
        {
            before.calls.extend(unit.calls.iter().cloned());
            last.title.push('\n');
            last.title.push_str(&item.title);
            last.shape = item.shape;
            last.parameters = Span(last.parameters.0 + item.parameters.0, last.parameters.1 + item.parameters.1);
            last.nodes.extend(item.nodes);
            return;
        }
        let id = self.id(&item.path);
        chain.items.push(Item { id, ..item });
    }

    /// Gives a block an inset; says whether there was one that looks the same.
    fn register(&mut self, call: &Call<'_>, inside: Chain) -> bool {
        let signature = inside.signature();
        let same = |inset: &&mut Inset| inset.block == call.block && inset.signature == signature;
        if let Some(inset) = self.insets.iter_mut().find(same) {
            inset.calls.push(call.name.to_owned());
            inset.chain.absorb(&inside);
            return true;
        }
        let (block, calls) = (call.block.to_owned(), vec![call.name.to_owned()]);
        self.insets.push(Inset { block, calls, chain: inside, signature });
        false
    }
}

/// A name as words: `identity_block` is `identity block`.
pub(crate) fn words(name: &str) -> String {
    name.replace('_', " ")
}

impl Chain {
    /// Adds the items of another chain, of which the first may become letters.
    fn append(&mut self, other: Self) {
        let mut kept = Vec::with_capacity(other.items.len());
        for item in other.items {
            kept.push(self.items.len());
            if let Some(item) = self.fuse(item) {
                self.items.push(item);
            }
        }
        kept.push(self.items.len());
        let moved = other
            .frames
            .into_iter()
            .map(|frame| Frame { range: kept[frame.range.start]..kept[frame.range.end], ..frame });
        self.frames.extend(moved.filter(|frame| !frame.range.is_empty()));
    }

    /// Makes an item a letter of the last one, if that is possible; gives it back if not.
    fn fuse(&mut self, item: Item) -> Option<Item> {
        let (Some(letter), Some(last)) = (&item.as_letter, self.items.last_mut()) else { return Some(item) };
        let takes = match &last.what {
            What::Layer(label) => match label.kind {
                Kind::Convolution | Kind::FullyConnected => true,
                Kind::BatchNorm => letter.kind != Kind::BatchNorm,
                Kind::MaxPool
                | Kind::AvgPool
                | Kind::GlobalPool
                | Kind::Lrn
                | Kind::Activation
                | Kind::Softmax
                | Kind::Dropout
                | Kind::Flatten
                | Kind::Concat
                | Kind::Add
                | Kind::Mul
                | Kind::Block
                | Kind::Auxiliary
                | Kind::Port
                | Kind::Scratch => false,
            },
            What::Merge(..) => true,
            What::Port(_) | What::Unit(_) => false,
        };
        if !takes {
            return Some(item);
        }
        last.letters.push(letter.clone());
        last.title.push('\n');
        last.title.push_str(&item.title);
        last.shape = item.shape;
        last.parameters = Span(last.parameters.0 + item.parameters.0, last.parameters.1 + item.parameters.1);
        last.nodes.extend(item.nodes);
        None
    }
}

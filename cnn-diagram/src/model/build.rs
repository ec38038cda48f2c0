//! From pipelines to chains of items: letters are fused into the block before them; calls of blocks and copies of groups are
//! folded.

use std::collections::{BTreeMap, BTreeSet};

use cnn_net::graph::{Call, Graph, Value};
use cnn_net::op::Shape;

use super::equal::exact;
use super::groups::{Run, runs};
use super::labels::{is_left_out, label, letter, title};
use super::pipeline::{Leaver, Part, Pipelines};
use super::repeats::fold_repeats;
use super::stages::frame_stages;
use super::{Chain, Frame, Inset, Item, Label, Picture, Unit, What};
use crate::options::{Detail, Options};
use crate::text::{count, times};
use crate::theme::Kind;

/// A net as it is drawn.
pub(super) fn picture(graph: &Graph<'_>, options: &Options) -> Picture {
    let pipelines = Pipelines::new(graph);
    let mut builder = Builder::new(graph, &pipelines, options);
    let inside = builder.chain(&pipelines.trunk, 0, "");
    let mut trunk = Chain::default();
    if graph.inputs.len() == 1 {
        trunk.items.push(builder.input(0));
    }
    trunk.append(inside, &builder.forks);
    trunk.items.push(builder.output(pipelines.end));
    builder.let_out(&mut trunk, &pipelines);
    let mut insets = builder.insets;
    if !options.unfold {
        let in_insets = insets.iter_mut().map(|inset| &mut inset.chain);
        in_insets.chain([&mut trunk]).for_each(fold_repeats);
    }
    frame_stages(&mut trunk);
    Picture { trunk, insets }
}

/// The block name of a group, which has none in the declaration.
const GROUP: &str = "group";

/// A call of a block, or a copy of a group.
struct Called<'a, 'p> {
    call: Call<'a>,
    parts: &'p [Part],
    /// The identifiers that were taken before its content got any.
    taken: BTreeSet<String>,
    /// The index of its inset: before those of the blocks inside.
    inset: usize,
}

pub(super) struct Builder<'a> {
    pub(super) graph: &'a Graph<'a>,
    pub(super) options: &'a Options,
    /// Blocks that are called more than once.
    repeated: BTreeSet<&'a str>,
    /// What leaves the trunk, and the nodes where it does so, which must not vanish in a letter or a fold.
    pub(super) leavers: BTreeMap<Option<Value>, Vec<Leaver>>,
    forks: BTreeSet<usize>,
    insets: Vec<Inset>,
    /// Identifiers that are taken.
    ids: BTreeSet<String>,
}

impl<'a> Builder<'a> {
    fn new(graph: &'a Graph<'a>, pipelines: &Pipelines<'_>, options: &'a Options) -> Self {
        let mut calls: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for call in graph.nodes.iter().flat_map(|node| node.calls) {
            calls.entry(call.block).or_default().insert(call.name);
        }
        let repeated = calls.into_iter().filter(|(_, names)| names.len() > 1).map(|(block, _)| block).collect();
        let leavers = pipelines.leavers();
        let node = |value: &Option<Value>| match value {
            Some(Value::Node(node)) => Some(*node),
            Some(Value::Input(_)) | None => None,
        };
        let forks = leavers.keys().filter_map(node).collect();
        Self { graph, options, repeated, leavers, forks, insets: Vec::new(), ids: BTreeSet::new() }
    }

    /// An identifier that is still free.
    fn id(&mut self, name: &str) -> String {
        let base = format!("{}-{}-{name}", self.graph.name, self.options.detail.name());
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let free = std::iter::once(base.clone()).chain(numbered).find(|id| !self.ids.contains(id));
        let id = free.unwrap_or(base);
        self.ids.insert(id.clone());
        id
    }

    /// Where a net begins or ends, or where a value is kept.
    pub(super) fn port(&mut self, word: &str, shape: Shape) -> Item {
        let label = Label { kind: Kind::Port, head: word.to_owned(), lines: vec![times(shape)] };
        let title = format!("{word}: {}", times(shape));
        Item { id: self.id(&word.replace(' ', "-")), ..Item::new(What::Port(label), word, shape, title) }
    }

    /// The port of an input.
    fn input(&mut self, index: usize) -> Item {
        let graph = self.graph;
        let word =
            if graph.names_inputs() { format!("input {}", graph.inputs[index].name) } else { "input".to_owned() };
        self.port(&word, graph.inputs[index].shape)
    }

    /// The port of an output.
    pub(super) fn output(&mut self, index: usize) -> Item {
        let (graph, output) = (self.graph, &self.graph.outputs[index]);
        let word = if graph.names_outputs() { format!("output {}", output.name) } else { "output".to_owned() };
        self.port(&word, graph.shape(output.value))
    }

    /// A pipeline inside `depth` block calls, and in the group or call `prefix`.
    pub(super) fn chain(&mut self, parts: &[Part], depth: usize, prefix: &str) -> Chain {
        let mut chain = Chain::default();
        for Run { group, parts, is_repeated } in runs(self.graph, parts, depth, prefix) {
            let Some(name) = group else {
                self.push_all(parts, depth, prefix, &mut chain);
                continue;
            };
            let (taken, inset) = (self.ids.clone(), self.insets.len());
            let inside = self.chain(parts, depth, name);
            if is_repeated {
                let called = Called { call: Call { block: GROUP, name }, parts, taken, inset };
                self.push_called(called, inside, true, &mut chain);
            } else {
                chain.append(inside, &self.forks);
            }
        }
        chain
    }

    /// Layers, merges and calls of blocks.
    fn push_all(&mut self, parts: &[Part], depth: usize, prefix: &str, chain: &mut Chain) {
        let call = |part: &Part| call(self.graph, part, depth);
        for parts in parts.chunk_by(|a, b| call(a) == call(b)) {
            match call(&parts[0]) {
                None => parts.iter().for_each(|part| self.push(part, depth, prefix, chain)),
                Some(call) => {
                    let (taken, inset) = (self.ids.clone(), self.insets.len());
                    let inside = self.chain(parts, depth + 1, call.name);
                    let called = Called { call: *call, parts, taken, inset };
                    self.push_called(called, inside, self.repeated.contains(call.block), chain);
                }
            }
        }
    }

    /// A layer or a merge.
    fn push(&mut self, part: &Part, depth: usize, prefix: &str, chain: &mut Chain) {
        let graph = self.graph;
        let index = match part {
            Part::Layer(node) | Part::Merge(node, _) => *node,
            Part::From(value) => {
                let port = match value {
                    Value::Input(index) => self.input(*index),
                    Value::Node(index) => {
                        let node = &graph.nodes[*index];
                        self.port(&format!("from {}", node.name), node.output)
                    }
                };
                return chain.items.push(Item { is_kept: true, ..port });
            }
        };
        let node = &graph.nodes[index];
        if is_left_out(&node.op, self.options.detail) {
            if let Some(last) = chain.items.last_mut() {
                last.gives.push(index);
                return;
            }
            // If something leaves there, it needs an item to leave.
            if !self.forks.contains(&index) {
                return;
            }
        }
        let input = node.inputs.first().map_or(graph.input(), |input| graph.shape(*input));
        let label = label(&node.op, input, self.options.detail);
        let what = match part {
            Part::Layer(_) | Part::From(_) => What::Layer(label),
            Part::Merge(_, branches) => {
                What::Merge(label.kind, branches.iter().map(|branch| self.chain(branch, depth, prefix)).collect())
            }
        };
        let item = Item {
            as_letter: letter(&node.op),
            parameters: node.parameters(),
            gives: vec![index],
            exact: exact(graph, &part.nodes(), self.options.detail),
            nodes: part.nodes(),
            ..Item::new(what, node.name, node.output, title(graph, node))
        };
        // A letter needs no name.
        if let Some(item) = chain.fuse(item, &self.forks) {
            let id = self.id(node.name);
            chain.items.push(Item { id, ..item });
        }
    }

    /// A call of a block, or a copy of a group: folded or framed. A single item is added as it is.
    fn push_called(&mut self, called: Called<'_, '_>, mut inside: Chain, folds: bool, chain: &mut Chain) {
        let name = called.call.name;
        if let [] | [Item { what: What::Layer(_) | What::Unit(_), .. }] = inside.items[..] {
            for item in &mut inside.items {
                item.path = name.to_owned();
                if matches!(item.what, What::Layer(_)) {
                    (item.names, item.is_called) = (vec![name.to_owned()], true);
                }
            }
            return chain.append(inside, &self.forks);
        }
        if self.options.unfold || !folds || self.leaves_inside(called.parts, &inside) {
            let start = chain.items.len();
            chain.append(inside, &self.forks);
            let label = format!("{} · {name}", words(called.call.block));
            let range = start..chain.items.len();
            if !range.is_empty() {
                chain.items[range.clone()].iter_mut().for_each(|item| item.path = name.to_owned());
                chain.frames.push(Frame { label, range });
            }
            return;
        }
        let unit = self.unit(&called.call, called.parts, &inside);
        self.register(called, inside, &unit);
        self.push_unit(unit, chain);
    }

    /// Whether something leaves before the end; a block that is drawn elsewhere would hide that.
    fn leaves_inside(&self, parts: &[Part], inside: &Chain) -> bool {
        let gives = inside.items.last().map_or(&[][..], |last| &last.gives);
        parts.iter().flat_map(Part::nodes).any(|node| self.forks.contains(&node) && !gives.contains(&node))
    }

    /// A unit of one call.
    fn unit(&self, call: &Call<'_>, parts: &[Part], inside: &Chain) -> Item {
        let nodes: Vec<usize> = parts.iter().flat_map(Part::nodes).collect();
        let layers = || nodes.iter().map(|node| &self.graph.nodes[*node]);
        let parameters: u64 = layers().map(|node| node.parameters()).sum();
        let macs: u64 = layers().map(|node| node.macs()).sum();
        let exact = exact(self.graph, &nodes, self.options.detail);
        let last = inside.items.last();
        let shape = last.map_or(self.graph.output(), |item| item.shape);
        let block = if call.block == GROUP { GROUP.to_owned() } else { format!("block {}", call.block) };
        let title = format!(
            "{}: {block}\n  → {}\n  {}, {}",
            call.name,
            times(shape),
            count(parameters, "parameter"),
            count(macs, "MAC"),
        );
        // With all numbers, only equal calls look the same.
        let look = match self.options.detail {
            Detail::Article => inside.look(),
            Detail::Full => format!("{} {exact}", inside.look()),
        };
        let what = What::Unit(Unit { block: call.block.to_owned(), look });
        let gives = last.map(|item| item.gives.clone()).unwrap_or_default();
        Item { parameters, nodes, gives, exact, ..Item::new(what, call.name, shape, title) }
    }

    /// Adds a unit, or piles it on an equal one before it.
    fn push_unit(&mut self, item: Item, chain: &mut Chain) {
        if let Some(last) = chain.items.last_mut()
            && let (What::Unit(before), What::Unit(unit)) = (&last.what, &item.what)
            && (&before.block, &before.look, &last.exact) == (&unit.block, &unit.look, &item.exact)
            && !last.gives.iter().any(|node| self.forks.contains(node))
        {
            return last.pile(item);
        }
        let id = self.id(&item.path);
        chain.items.push(Item { id, ..item });
    }

    /// Gives a block an inset, unless there is one that looks the same.
    fn register(&mut self, called: Called<'_, '_>, mut inside: Chain, unit: &Item) {
        let Called { call, taken, inset, .. } = called;
        let What::Unit(Unit { look, .. }) = &unit.what else { return };
        if let Some(inset) = self.insets.iter_mut().find(|inset| inset.block == call.block && inset.look == *look) {
            inset.calls.push(call.name.to_owned());
            // The inset shows the items of another call, with their identifiers.
            self.ids = taken;
            return;
        }
        // The inset is for all calls, so names in it are relative to a call.
        let prefix = format!("{}.", call.name);
        inside.each_mut(&mut |item| {
            for name in &mut item.names {
                *name = name.strip_prefix(&prefix).unwrap_or(name).to_owned();
            }
        });
        let (block, calls) = (call.block.to_owned(), vec![call.name.to_owned()]);
        self.insets.insert(inset, Inset { block, calls, chain: inside, look: look.clone() });
    }
}

/// The call that a part belongs to at this depth. A merge with a branch that begins before the call, at a kept value, belongs to
/// none: its branches show layers from before the call, which are not in the block.
fn call<'a>(graph: &Graph<'a>, part: &Part, depth: usize) -> Option<&'a Call<'a>> {
    let of = |node: usize| graph.nodes[node].calls.get(depth);
    match part {
        Part::Layer(node) => of(*node),
        Part::Merge(node, _) => of(*node).filter(|call| part.nodes().iter().all(|inner| of(*inner) == Some(call))),
        Part::From(_) => None,
    }
}

/// A name as words: `identity_block` is `identity block`.
pub(crate) fn words(name: &str) -> String {
    name.replace('_', " ")
}

impl Chain {
    /// Appends another chain, whose first items may become letters.
    fn append(&mut self, other: Self, forks: &BTreeSet<usize>) {
        let mut kept = Vec::with_capacity(other.items.len());
        for item in other.items {
            kept.push(self.items.len());
            if let Some(item) = self.fuse(item, forks) {
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

    /// Makes an item a letter of the last one, or returns it if that is not possible. It is not possible if something leaves
    /// before the letter.
    fn fuse(&mut self, item: Item, forks: &BTreeSet<usize>) -> Option<Item> {
        let (Some(letter), Some(last)) = (&item.as_letter, self.items.last_mut()) else { return Some(item) };
        if last.gives.iter().any(|node| forks.contains(node)) {
            return Some(item);
        }
        let takes = match &last.what {
            What::Layer(label) => match label.kind {
                Kind::Convolution | Kind::FullyConnected => true,
                Kind::BatchNorm | Kind::Norm | Kind::Scale => ![Kind::BatchNorm, Kind::Norm].contains(&letter.kind),
                Kind::MaxPool
                | Kind::AvgPool
                | Kind::GlobalPool
                | Kind::Lrn
                | Kind::Activation
                | Kind::Softmax
                | Kind::Dropout
                | Kind::Flatten
                | Kind::Rearrangement
                | Kind::Resampling
                | Kind::Concat
                | Kind::Add
                | Kind::Sub
                | Kind::Mul
                | Kind::Max
                | Kind::Custom
                | Kind::Block
                | Kind::Auxiliary
                | Kind::Port
                | Kind::Scratch
                | Kind::Gradient => false,
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
        last.exact = format!("{}; {}", last.exact, item.exact);
        last.shape = item.shape;
        last.parameters += item.parameters;
        last.nodes.extend(item.nodes);
        last.gives = item.gives;
        None
    }
}

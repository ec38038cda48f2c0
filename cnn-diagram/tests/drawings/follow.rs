//! Follows a drawing's wires: they connect what the net connects, in its order, and what is folded is equal.

use std::collections::{BTreeMap, BTreeSet};

use cnn_diagram::Detail;
use cnn_net::graph::{Graph, Node, Value};
use cnn_net::op::{Activation, Op};
use roxmltree::Document;

use super::geometry::{Area, Wire, area, blocks, holds, title, whole_area, wires};

/// Coordinates are rounded to tenths.
const NEAR: f32 = 0.3;

/// Where a wire comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    /// A block, by its index.
    Block(usize),
    /// The input of a block that is drawn once, by the index of its frame.
    Inset(usize),
}

/// The part of the page that a block is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sheet {
    Trunk,
    /// By the frame's index.
    Inset(usize),
    /// By the classifier's index.
    Head(usize),
}

struct Block<'a> {
    title: &'a str,
    texts: Vec<&'a str>,
    area: Area,
    whole: Area,
    sheet: Sheet,
    is_port: bool,
    is_round: bool,
    /// Its nodes, in order.
    nodes: Vec<usize>,
}

struct Frame<'a> {
    area: Area,
    title: &'a str,
}

/// A drawing of a net, read back.
struct Reading<'a> {
    what: &'a str,
    graph: &'a Graph<'a>,
    detail: Detail,
    blocks: Vec<Block<'a>>,
    insets: Vec<Frame<'a>>,
    wires: Vec<Wire>,
}

/// Checks that all wires connect what the net connects, and that what is folded is equal.
pub(crate) fn check(what: &str, graph: &Graph<'_>, detail: Detail, document: &Document<'_>) {
    let reading = Reading::new(what, graph, detail, document);
    reading.every_layer_is_drawn_once();
    for index in 0..reading.blocks.len() {
        reading.reads_what_the_net_reads(index);
    }
    reading.ports_are_at_their_values();
    reading.folded_is_equal();
}

fn frames<'a>(document: &'a Document<'a>, class: &str) -> Vec<Frame<'a>> {
    let nodes = document.descendants().filter(|node| node.attribute("class") == Some(class));
    nodes.map(|node| Frame { area: area(node), title: title(node) }).collect()
}

/// The names in a title, each with the kind of its layer, `conv1: conv(…)`, or `None` for a call: `first: block unit`.
fn names(title: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    title.lines().filter(|line| !line.starts_with(' ')).filter_map(|line| {
        let (name, rest) = line.split_once(": ")?;
        let is_call = rest == "group" || rest.starts_with("block ");
        Some((name, rest.split('(').next().filter(|_| !is_call)))
    })
}

/// Layers that drawings for articles may leave out.
fn may_be_left_out(op: &Op) -> bool {
    matches!(op, Op::Dropout { .. } | Op::Flatten | Op::Activation(Activation::Identity))
}

fn is_inside(name: &str, group: &str) -> bool {
    name.strip_prefix(group).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl<'a> Reading<'a> {
    fn new(what: &'a str, graph: &'a Graph<'a>, detail: Detail, document: &'a Document<'a>) -> Self {
        let (insets, heads) = (frames(document, "inset"), frames(document, "head"));
        let mut reading = Self { what, graph, detail, blocks: Vec::new(), insets, wires: wires(document) };
        assert_eq!(heads.len(), graph.aux.len(), "{what}");
        for node in blocks(document) {
            let block = reading.block(node, &heads);
            reading.blocks.push(block);
        }
        reading
    }

    fn block(&self, node: roxmltree::Node<'a, 'a>, heads: &[Frame<'_>]) -> Block<'a> {
        let (graph, whole) = (self.graph, whole_area(node));
        let is_port = node.children().any(|child| child.attribute("rx") == Some("10"));
        let head = heads.iter().find(|head| holds(head.area, whole)).map(|head| {
            let named = |name: &str| head.title.split(" · ").next() == Some(name);
            graph.aux.iter().position(|aux| named(aux.name)).expect("a head has the name of a classifier")
        });
        let inset = self.insets.iter().position(|inset| holds(inset.area, whole));
        let sheet = head.map(Sheet::Head).or(inset.map(Sheet::Inset)).unwrap_or(Sheet::Trunk);
        let mut block = Block {
            title: title(node),
            texts: node.descendants().filter(|n| n.has_tag_name("text")).filter_map(|n| n.text()).collect(),
            area: area(node),
            whole,
            sheet,
            is_port,
            is_round: node.children().any(|child| child.has_tag_name("circle")),
            nodes: Vec::new(),
        };
        if !is_port {
            let aux = inset.map_or(head, |inset| self.aux_of(&self.insets[inset]));
            let all = graph.nodes.iter().enumerate().filter(|(_, node)| node.aux == aux);
            // A merge may have the name of a layer inside it.
            let has = |node: &Node<'_>| {
                names(block.title).any(|(name, kind)| match kind {
                    Some(kind) => {
                        let (name, again) = name.strip_suffix(" again").map_or((name, false), |name| (name, true));
                        node.name == name && node.again.is_some() == again && node.op.name() == kind
                    }
                    None => is_inside(node.name, name),
                })
            };
            block.nodes = all.filter(|(_, node)| has(node)).map(|(index, _)| index).collect();
            assert!(!block.nodes.is_empty(), "{}: {}", self.what, block.title);
        }
        block
    }

    /// The classifier that an inset is part of: that of its first call, whose layers the inset shows.
    fn aux_of(&self, inset: &Frame<'_>) -> Option<usize> {
        let first = names_of(inset).next().unwrap_or_default();
        let inside = self.graph.nodes.iter().filter(|node| is_inside(node.name, first));
        inside.map(|node| node.aux).min().flatten()
    }

    /// The block of a sheet that has a node. A head reads from the trunk.
    fn block_of(&self, node: usize, sheet: Sheet) -> Option<usize> {
        let sheet = match (sheet, self.graph.nodes[node].aux) {
            (Sheet::Head(_), None) => Sheet::Trunk,
            (sheet, _) => sheet,
        };
        self.blocks.iter().position(|block| block.sheet == sheet && block.nodes.contains(&node))
    }

    /// Where the wire of a value comes from.
    fn source(&self, value: Value, sheet: Sheet) -> Source {
        let index = match (value, sheet) {
            (Value::Node(index), _) => index,
            (Value::Input(_), Sheet::Inset(inset)) => return Source::Inset(inset),
            (Value::Input(input), Sheet::Trunk | Sheet::Head(_)) => return self.input(input),
        };
        let node = &self.graph.nodes[index];
        if let Some(block) = self.block_of(index, sheet) {
            assert!(self.gives(block, index), "{}: {} leaves in the middle of a block", self.what, node.name);
            return Source::Block(block);
        }
        if let Sheet::Inset(inset) = sheet
            && !names_of(&self.insets[inset]).any(|call| is_inside(node.name, call))
        {
            return Source::Inset(inset);
        }
        assert!(may_be_left_out(&node.op), "{}: {} is not drawn", self.what, node.name);
        self.source(node.inputs[0], sheet)
    }

    /// Whether a block gives the value of a node: its last one, or one that is followed only by layers that are left out.
    fn gives(&self, block: usize, node: usize) -> bool {
        let mut at = self.blocks[block].nodes.iter().max().copied();
        while let Some(last) = at.filter(|last| *last != node) {
            let Node { op, inputs, .. } = &self.graph.nodes[last];
            at = match inputs[..] {
                [Value::Node(input)] if self.detail == Detail::Article && may_be_left_out(op) => Some(input),
                _ => None,
            };
        }
        at.is_some()
    }

    fn port(&self, title: &str) -> usize {
        let found: Vec<usize> = (0..self.blocks.len())
            .filter(|b| self.blocks[*b].is_port && self.blocks[*b].title.starts_with(title))
            .collect();
        assert_eq!(found.len(), 1, "{}: {title}", self.what);
        found[0]
    }

    fn every_layer_is_drawn_once(&self) {
        for (index, node) in self.graph.nodes.iter().enumerate() {
            let sheet = node.aux.map_or(Sheet::Trunk, Sheet::Head);
            let drawn = self.blocks.iter().filter(|block| block.sheet == sheet && block.nodes.contains(&index)).count();
            let is_right = drawn == 1 || drawn == 0 && may_be_left_out(&node.op);
            assert!(is_right, "{}: {} is drawn {drawn} times", self.what, node.name);
        }
    }

    /// The wires into a block come from what its first layer reads, in the order of the declaration.
    fn reads_what_the_net_reads(&self, index: usize) {
        let block = &self.blocks[index];
        let Some(first) = block.nodes.first() else { return };
        let inputs = self.graph.nodes[*first].inputs;
        // A block that is drawn elsewhere may begin with branches, which all read the same value.
        let inputs =
            if names(block.title).next().is_some_and(|(_, kind)| kind.is_some()) { inputs } else { &inputs[..1] };
        let expected: Vec<Source> = inputs.iter().map(|input| self.source(*input, block.sheet)).collect();
        assert_eq!(self.read_by(index), expected, "{}: what {:?} reads", self.what, block.title);
    }

    fn ports_are_at_their_values(&self) {
        let graph = self.graph;
        let title = |index: usize| match graph.names_outputs() {
            true => format!("output {}: ", graph.output_name(index)),
            false => "output: ".to_owned(),
        };
        let outputs = graph.outputs.iter().enumerate();
        let mut ports: Vec<_> = outputs.map(|(index, output)| (title(index), output.value)).collect();
        ports.extend(graph.taps.iter().map(|tap| (format!("tap {}: ", tap.name), tap.value)));
        for (title, value) in &ports {
            let expected = vec![self.source(*value, Sheet::Trunk)];
            assert_eq!(self.read_by(self.port(title)), expected, "{}: {title}", self.what);
        }
        let is_other =
            |block: &&Block<'_>| block.is_port && self.named(block).is_none() && self.input_of(block).is_none();
        assert_eq!(self.blocks.iter().filter(is_other).count(), ports.len(), "{}", self.what);
        for index in 0..graph.inputs.len() {
            let drawn = self.blocks.iter().filter(|block| self.input_of(block) == Some(index)).count();
            assert!(drawn > 0 && (drawn == 1 || graph.inputs.len() > 1), "{}: input {index}: {drawn}", self.what);
        }
        for (index, block) in self.blocks.iter().enumerate() {
            let Some((word, node)) = self.named(block) else { continue };
            let expected = if word == "keep" { vec![self.source(Value::Node(node), block.sheet)] } else { Vec::new() };
            assert_eq!(self.read_by(index), expected, "{}: {:?}", self.what, block.title);
        }
        // One wire leads to each classifier.
        assert_eq!(self.wires.iter().filter(|wire| wire.dashed).count(), graph.aux.len(), "{}", self.what);
    }

    /// For the port of an input: which one.
    fn input_of(&self, block: &Block<'_>) -> Option<usize> {
        let is_it = |index: &usize| match self.graph.names_inputs() {
            true => block.title.starts_with(&format!("input {}: ", self.graph.input_name(*index))),
            false => block.title.starts_with("input: "),
        };
        (0..self.graph.inputs.len()).find(is_it).filter(|_| block.is_port)
    }

    /// The first port of an input, which may have several.
    fn input(&self, index: usize) -> Source {
        let block = self.blocks.iter().position(|block| self.input_of(block) == Some(index));
        Source::Block(block.unwrap_or_else(|| panic!("{}: input {index} is not drawn", self.what)))
    }

    /// For a port of a value that is read across branches: `keep` or `from`, and the node.
    fn named<'b>(&self, block: &'b Block<'_>) -> Option<(&'b str, usize)> {
        let (word, rest) =
            block.title.split_once(' ').filter(|(word, _)| block.is_port && ["keep", "from"].contains(word))?;
        let (name, _) = rest.rsplit_once(": ")?;
        Some((word, self.graph.nodes.iter().position(|node| node.name == name)?))
    }

    /// The sources of the wires that end at a block, from top to bottom.
    fn read_by(&self, index: usize) -> Vec<Source> {
        let block = &self.blocks[index];
        let [left, top, right, bottom] = block.area;
        let mut found: Vec<(f32, Source)> = Vec::new();
        for wire in &self.wires {
            let [.., [before_x, before_y], [x, y]] = wire.points[..] else { panic!("{}: a short wire", self.what) };
            let is_level = (before_y - y).abs() < NEAR;
            let from_left = is_level && before_x < x && (x - left).abs() < NEAR && y > top - NEAR && y < bottom + NEAR;
            let at_circle = block.is_round && !is_level && x > left && x < right;
            let from_above = at_circle && ((y - top).abs() < NEAR || (y - bottom).abs() < NEAR);
            if from_left || from_above {
                let lane = if is_level { y } else { before_y };
                found.push((lane, self.comes_from(wire, &mut BTreeSet::new())));
            }
        }
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        found.into_iter().map(|(_, source)| source).collect()
    }

    /// The only source of a wire, directly or through wires that it branches off.
    fn comes_from(&self, wire: &Wire, seen: &mut BTreeSet<usize>) -> Source {
        let sources = self.sources(wire, seen);
        assert_eq!(sources.len(), 1, "{}: where {:?} comes from", self.what, wire.points);
        let source = *sources.first().expect("there is one");
        if let Source::Block(block) = source
            && let Some(("from", node)) = self.named(&self.blocks[block])
        {
            return self.source(Value::Node(node), self.blocks[block].sheet);
        }
        if let Source::Block(block) = source
            && let Some(input) = self.input_of(&self.blocks[block])
        {
            return self.input(input);
        }
        source
    }

    fn sources(&self, wire: &Wire, seen: &mut BTreeSet<usize>) -> BTreeSet<Source> {
        let [x, y] = wire.points[0];
        let at_block = |block: &Block<'_>| {
            let [_, top, right, bottom] = block.whole;
            (x - right).abs() < NEAR && y > top - NEAR && y < bottom + NEAR
        };
        let blocks = self.blocks.iter().enumerate().filter(|(_, block)| at_block(block));
        let mut sources: BTreeSet<Source> = blocks.map(|(index, _)| Source::Block(index)).collect();
        let at_inset =
            |inset: &Frame<'_>| (x - inset.area[0] - 5.0).abs() < NEAR && y > inset.area[1] && y < inset.area[3];
        let insets = self.insets.iter().enumerate().filter(|(_, inset)| at_inset(inset));
        sources.extend(insets.map(|(index, _)| Source::Inset(index)));
        if !sources.is_empty() {
            return sources;
        }
        let passes = |[left, top, right, bottom]: Area| {
            x > left - NEAR && x < right + NEAR && y > top - NEAR && y < bottom + NEAR
        };
        for (index, other) in self.wires.iter().enumerate() {
            if !std::ptr::eq(other, wire) && other.segments().any(passes) && seen.insert(index) {
                sources.extend(self.sources(other, seen));
            }
        }
        sources
    }

    fn folded_is_equal(&self) {
        for block in self.blocks.iter().filter(|block| !block.is_port) {
            let calls: Vec<&str> =
                names(block.title).filter(|(_, kind)| kind.is_none()).map(|(name, _)| name).collect();
            if let Some(count) = block.texts.iter().find_map(|text| text.strip_prefix("× ")) {
                let members =
                    if calls.is_empty() { self.layers(block, count) } else { self.calls(&calls, block.sheet) };
                assert_eq!(members.len().to_string(), count, "{}: {}", self.what, block.title);
                self.are_equal(&members, true);
            } else {
                assert!(calls.len() < 2, "{}: {}", self.what, block.title);
            }
        }
        let mut calls_of: BTreeMap<&str, usize> = BTreeMap::new();
        for inset in &self.insets {
            let calls: Vec<&str> = names_of(inset).collect();
            self.are_equal(&self.calls(&calls, Sheet::Inset(0)), self.detail == Detail::Full);
            calls.iter().for_each(|call| *calls_of.entry(call).or_default() += 1);
        }
        for (call, insets) in calls_of {
            assert_eq!(insets, 1, "{}: {call} is drawn in several insets", self.what);
        }
    }

    /// The layers of a pile, split into equal parts.
    fn layers(&self, block: &Block<'_>, count: &str) -> Vec<Vec<usize>> {
        let each = block.nodes.len() / count.parse::<usize>().unwrap();
        block.nodes.chunks(each).map(<[usize]>::to_vec).collect()
    }

    fn calls(&self, calls: &[&str], sheet: Sheet) -> Vec<Vec<usize>> {
        let nodes = self.graph.nodes.iter().enumerate();
        let of = |call: &str| {
            let inside = nodes.clone().filter(|(_, node)| is_inside(node.name, call));
            let inside: Vec<(usize, bool)> = inside.map(|(index, node)| (index, node.aux.is_some())).collect();
            // What leaves at the end of a call is outside of it.
            let in_head = matches!(sheet, Sheet::Head(_)) || inside.iter().all(|(_, aux)| *aux);
            inside.into_iter().filter(|(_, aux)| *aux == in_head).map(|(index, _)| index).collect()
        };
        calls.iter().map(|call| of(call)).collect()
    }

    /// Checks that all members have the same layers; also the same arguments and connections if they are drawn as equal, and
    /// the same shapes in drawings with all numbers.
    fn are_equal(&self, members: &[Vec<usize>], with_arguments: bool) {
        let describe = |nodes: &Vec<usize>| -> Vec<String> {
            let one = |index: &usize| {
                let node = &self.graph.nodes[*index];
                let back = node.inputs.iter().map(|input| match input {
                    Value::Node(input) => nodes.iter().position(|node| node == input),
                    Value::Input(_) => None,
                });
                if !with_arguments {
                    return node.op.name().to_owned();
                }
                let shapes = node.inputs.iter().map(|input| self.graph.shape(*input).to_string()).collect::<Vec<_>>();
                let shapes = (self.detail == Detail::Full).then(|| format!("{} {}", shapes.join(", "), node.output));
                format!("{:?} {:?} {shapes:?}", node.op, back.collect::<Vec<_>>())
            };
            let is_drawn = |index: &&usize| with_arguments || !may_be_left_out(&self.graph.nodes[**index].op);
            nodes.iter().filter(is_drawn).map(one).collect()
        };
        for pair in members.windows(2) {
            assert_eq!(describe(&pair[0]), describe(&pair[1]), "{}: folded", self.what);
        }
    }
}

/// The calls that look like an inset.
fn names_of<'a>(inset: &Frame<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    inset.title.split_once(": ").map_or("", |(_, calls)| calls).split(", ")
}

//! What a drawing shows, before anything has a position: chains of blocks with their letters, merges with their branches,
//! blocks that are drawn once, frames around stages, and what leaves a chain (taps and auxiliary classifiers).
//!
//! | part | does |
//! | --- | --- |
//! | `pipeline` | turns nodes back into what the language nests |
//! | `labels` | writes the text of a block |
//! | `groups` | finds copies of a group |
//! | `equal` | says when calls, copies and layers are equal |
//! | `build` | fuses letters, folds calls of blocks and copies of groups |
//! | `repeats` | folds runs of the same layer |
//! | `exits` | puts taps and auxiliary classifiers at the items that they leave |
//! | `stages` | frames stages |

mod build;
mod equal;
mod exits;
mod groups;
mod labels;
mod pipeline;
mod repeats;
mod stages;

use std::ops::Range;

use cnn_net::graph::Graph;
use cnn_net::op::Shape;

use crate::options::Options;
use crate::theme::Kind;

pub(crate) use labels::{Label, Letter, kind_of, letter};

/// A net as it is drawn.
pub(crate) struct Picture {
    /// From the input to the output.
    pub(crate) trunk: Chain,
    /// Blocks that are drawn once, in order of appearance; those inside another one follow it.
    pub(crate) insets: Vec<Inset>,
}

impl Picture {
    /// How a net is drawn.
    pub(crate) fn new(graph: &Graph<'_>, options: &Options) -> Self {
        build::picture(graph, options)
    }
}

/// A sequence of items.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chain {
    pub(crate) items: Vec<Item>,
    /// Frames around some of them, inner ones first.
    pub(crate) frames: Vec<Frame>,
}

/// A named frame around items of a chain.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) label: String,
    /// The items, by their indices.
    pub(crate) range: Range<usize>,
}

/// An element of a chain.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) what: What,
    /// Functions and normalisations after it.
    pub(crate) letters: Vec<Letter>,
    /// The item as a letter, if it can become one.
    as_letter: Option<Letter>,
    /// The shape of its result.
    pub(crate) shape: Shape,
    /// Trained parameters.
    pub(crate) parameters: u64,
    /// Its tooltip.
    pub(crate) title: String,
    /// Its identifier, unique within a drawing.
    pub(crate) id: String,
    /// The consecutive equal layers, calls or copies that are drawn as this item.
    pub(crate) names: Vec<String>,
    /// What leaves the chain here.
    pub(crate) exits: Vec<Exit>,
    /// Its nodes.
    nodes: Vec<usize>,
    /// The nodes whose value it gives: its last one, and layers after it that are left out.
    gives: Vec<usize>,
    /// Items are folded together only if this is equal.
    exact: String,
    /// The name that decides which stage it belongs to.
    path: String,
    /// Whether it is everything in a call of a block or a copy of a group.
    is_called: bool,
    /// Whether it is a value that is drawn elsewhere, so that no wire leads to it.
    pub(crate) is_kept: bool,
}

/// The kinds of items.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// Where the net begins or ends, or where a value is kept.
    Port(Label),
    /// A layer.
    Layer(Label),
    /// Branches that join, in the order of the declaration.
    Merge(Kind, Vec<Chain>),
    /// Calls of a block, or copies of a group, that is drawn in an inset.
    Unit(Unit),
}

/// What is drawn in an inset.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    /// The block's name in the declaration, or `group` for a group, which has none.
    pub(crate) block: String,
    /// Equal for insets that look the same.
    look: String,
}

/// What leaves a chain: a tap, or an auxiliary classifier.
#[derive(Clone, Debug)]
pub(crate) struct Exit {
    /// The label of the frame around it; a tap has none.
    pub(crate) label: Option<String>,
    pub(crate) chain: Chain,
}

/// A block that is drawn once.
pub(crate) struct Inset {
    /// The block's name in the declaration.
    pub(crate) block: String,
    /// The names of the calls that look like this.
    pub(crate) calls: Vec<String>,
    pub(crate) chain: Chain,
    /// Equal for insets that look the same.
    look: String,
}

impl Chain {
    /// A key that is equal for chains that look the same, apart from shapes and numbers of parameters.
    fn look(&self) -> String {
        self.items.iter().map(Item::look).collect::<Vec<_>>().join("; ")
    }

    /// All items, including those in branches and those that leave the chain.
    pub(crate) fn each<'a>(&'a self, see: &mut impl FnMut(&'a Item)) {
        for item in &self.items {
            see(item);
            if let What::Merge(_, branches) = &item.what {
                branches.iter().for_each(|branch| branch.each(see));
            }
            item.exits.iter().for_each(|exit| exit.chain.each(see));
        }
    }

    /// The same for changing them, without those that leave the chain.
    fn each_mut(&mut self, change: &mut impl FnMut(&mut Item)) {
        for item in &mut self.items {
            change(item);
            if let What::Merge(_, branches) = &mut item.what {
                branches.iter_mut().for_each(|branch| branch.each_mut(change));
            }
        }
    }
}

impl Item {
    /// An item with a name, without anything optional.
    fn new(what: What, name: &str, shape: Shape, title: String) -> Self {
        Self {
            what,
            letters: Vec::new(),
            as_letter: None,
            shape,
            parameters: 0,
            title,
            id: String::new(),
            names: vec![name.to_owned()],
            exits: Vec::new(),
            nodes: Vec::new(),
            gives: Vec::new(),
            exact: String::new(),
            path: name.to_owned(),
            is_called: false,
            is_kept: false,
        }
    }
    fn look(&self) -> String {
        let letters: Vec<&str> = self.letters.iter().map(|letter| letter.short).collect();
        let what = match &self.what {
            What::Port(label) | What::Layer(label) => format!("{:?} {} {:?}", label.kind, label.head, label.lines),
            What::Merge(kind, branches) => {
                format!("{kind:?} {:?}", branches.iter().map(Chain::look).collect::<Vec<_>>())
            }
            What::Unit(unit) => format!("{} ({})", unit.block, unit.look),
        };
        format!("{what} {letters:?} × {}", self.names.len())
    }

    /// Makes it represent the equal item after it, too.
    fn pile(&mut self, next: Self) {
        self.title.push('\n');
        self.title.push_str(&next.title);
        self.shape = next.shape;
        self.parameters += next.parameters;
        self.names.extend(next.names);
        self.nodes.extend(next.nodes);
        self.gives = next.gives;
        self.exits = next.exits;
    }

    /// Its kind in legends; ports have none, as they are not layers.
    pub(crate) fn kind(&self) -> Option<Kind> {
        match &self.what {
            What::Port(_) => None,
            What::Layer(label) => Some(label.kind),
            What::Merge(kind, _) => Some(*kind),
            What::Unit(_) => Some(Kind::Block),
        }
    }
}

//! What a drawing shows, before anything has a place: chains of blocks with their letters, merges with their branches,
//! blocks that are drawn once, frames around stages, auxiliary classifiers.
//!
//! | part | does |
//! | --- | --- |
//! | `pipeline` | nodes to what the language nests |
//! | `labels` | what stands on a block |
//! | `groups` | which of them are copies of a group |
//! | `build` | fuses letters, folds calls of blocks and copies of groups |
//! | `stages` | frames stages |

mod build;
mod groups;
mod labels;
mod pipeline;
mod stages;

use std::fmt;
use std::ops::Range;

use cnn_runtime::graph::Graph;
use cnn_runtime::op::Shape;

use crate::Options;
use crate::text::thousands;
use crate::theme::Kind;

pub(crate) use labels::{Label, Letter, kind_of, letter};

/// A net as it is drawn.
pub(crate) struct Picture {
    /// From the input to the output.
    pub(crate) trunk: Chain,
    /// Blocks that are drawn once, in the order in which they are met.
    pub(crate) insets: Vec<Inset>,
    /// Auxiliary classifiers.
    pub(crate) heads: Vec<Head>,
}

impl Picture {
    /// What a net is drawn as.
    pub(crate) fn new(graph: &Graph<'_>, options: &Options) -> Self {
        build::picture(graph, options)
    }
}

/// Items one after another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chain {
    pub(crate) items: Vec<Item>,
    /// Frames around some of them; those that hold others come later.
    pub(crate) frames: Vec<Frame>,
}

/// A named frame around items of a chain.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) label: String,
    /// The items, by their indices.
    pub(crate) range: Range<usize>,
}

/// Something that a chain passes.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) what: What,
    /// Functions and normalisations behind it.
    pub(crate) letters: Vec<Letter>,
    /// What it is itself, if it can become a letter.
    as_letter: Option<Letter>,
    /// The shape of its result.
    pub(crate) shape: Span<Shape>,
    /// Trained parameters.
    pub(crate) parameters: Span<u64>,
    /// What is told to those who point at it.
    pub(crate) title: String,
    /// Names it among all items of a drawing.
    pub(crate) id: String,
    /// Its nodes.
    pub(crate) nodes: Vec<usize>,
    /// The name that decides which stage it belongs to.
    path: String,
}

/// The kinds of items.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// Where the net begins or ends.
    Port(Label),
    /// A layer.
    Layer(Label),
    /// Branches that join.
    Merge(Kind, Vec<Chain>),
    /// Calls of a block, one behind the other, that is drawn in an inset.
    Unit(Unit),
}

/// Calls of a block, or copies of a group, that is drawn elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    /// The block's name in the declaration; a group has none and is called a group.
    pub(crate) block: String,
    /// The names of the calls or copies.
    pub(crate) calls: Vec<String>,
    /// The layers of one call with all their numbers: calls with the same ones are folded.
    exact: String,
}

/// A block that is drawn once.
pub(crate) struct Inset {
    /// The block's name in the declaration.
    pub(crate) block: String,
    /// The names of the calls that look like this.
    pub(crate) calls: Vec<String>,
    pub(crate) chain: Chain,
    /// How it looks.
    signature: String,
}

/// An auxiliary classifier.
pub(crate) struct Head {
    pub(crate) name: String,
    /// The weight of its loss.
    pub(crate) weight: f32,
    pub(crate) chain: Chain,
    /// The item of the trunk that it hangs behind.
    pub(crate) behind: usize,
}

/// One value, or the least and the largest of several blocks that are drawn as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span<T>(pub(crate) T, pub(crate) T);

impl<T: Copy> From<T> for Span<T> {
    fn from(value: T) -> Self {
        Self(value, value)
    }
}

impl Span<u64> {
    fn absorb(&mut self, other: Self) {
        *self = Self(self.0.min(other.0), self.1.max(other.1));
    }
}

impl Span<Shape> {
    fn absorb(&mut self, other: Self) {
        *self = Self(each(self.0, other.0, usize::min), each(self.1, other.1, usize::max));
    }
}

/// Dimension by dimension; a map and a vector have none in common.
fn each(a: Shape, b: Shape, choose: fn(usize, usize) -> usize) -> Shape {
    match (a, b) {
        (
            Shape::Map { channels, height, width },
            Shape::Map { channels: other_channels, height: other_height, width: other_width },
        ) => Shape::map(choose(channels, other_channels), choose(height, other_height), choose(width, other_width)),
        (Shape::Vector(a), Shape::Vector(b)) => Shape::Vector(choose(a, b)),
        (Shape::Map { .. }, Shape::Vector(_)) | (Shape::Vector(_), Shape::Map { .. }) => a,
    }
}

/// `9,408`, or `9,408–36,864`
impl fmt::Display for Span<u64> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == self.1 {
            f.write_str(&thousands(self.0))
        } else {
            write!(f, "{}–{}", thousands(self.0), thousands(self.1))
        }
    }
}

/// `64×56×56`, or `64–256×56×56`
impl fmt::Display for Span<Shape> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |a: usize, b: usize| if a == b { a.to_string() } else { format!("{a}–{b}") };
        match (self.0, self.1) {
            (Shape::Map { channels, height, width }, Shape::Map { channels: c, height: h, width: w }) => {
                write!(f, "{}×{}×{}", of(channels, c), of(height, h), of(width, w))
            }
            (low, high) => f.write_str(&of(low.elements(), high.elements())),
        }
    }
}

impl Chain {
    /// How it looks, numbers of shapes and of parameters aside.
    fn signature(&self) -> String {
        self.items.iter().map(Item::signature).collect::<Vec<_>>().join("; ")
    }

    /// Makes it stand for another one that looks the same, too.
    fn absorb(&mut self, other: &Self) {
        for (item, other) in self.items.iter_mut().zip(&other.items) {
            item.absorb(other);
        }
    }

    /// All items, those in branches too.
    pub(crate) fn each<'a>(&'a self, see: &mut impl FnMut(&'a Item)) {
        for item in &self.items {
            see(item);
            if let What::Merge(_, branches) = &item.what {
                branches.iter().for_each(|branch| branch.each(see));
            }
        }
    }
}

impl Item {
    fn signature(&self) -> String {
        let letters: Vec<&str> = self.letters.iter().map(|letter| letter.short).collect();
        let what = match &self.what {
            What::Port(label) | What::Layer(label) => format!("{:?} {} {:?}", label.kind, label.head, label.lines),
            What::Merge(kind, branches) => {
                format!("{kind:?} {:?}", branches.iter().map(Chain::signature).collect::<Vec<_>>())
            }
            What::Unit(unit) => format!("{} × {}", unit.block, unit.calls.len()),
        };
        format!("{what} {letters:?}")
    }

    fn absorb(&mut self, other: &Self) {
        self.shape.absorb(other.shape);
        self.parameters.absorb(other.parameters);
        match (&mut self.what, &other.what) {
            (What::Merge(_, branches), What::Merge(_, others)) => {
                branches.iter_mut().zip(others).for_each(|(branch, other)| branch.absorb(other));
            }
            // Nothing else has parts.
            (What::Port(_) | What::Layer(_) | What::Merge(..) | What::Unit(_), _) => {}
        }
    }

    /// What legends call it; ports are no layers.
    pub(crate) fn kind(&self) -> Option<Kind> {
        match &self.what {
            What::Port(_) => None,
            What::Layer(label) => Some(label.kind),
            What::Merge(kind, _) => Some(*kind),
            What::Unit(_) => Some(Kind::Block),
        }
    }
}

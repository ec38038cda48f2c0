//! Receptive fields: how much of the input an output depends on.
//!
//! The fields of neighbouring outputs have the same size and are a fixed distance apart, the jump. Both are computed layer by layer:
//! a window of extent `k` and stride `s` over outputs of size `r` and jump `j` gives the size `r + (k - 1) j` and the jump `s j`.
//! This is the recurrence of Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks" (Distill, 2019,
//! <https://distill.pub/2019/computing-receptive-fields>). As there, a field may reach into the padding and be larger than the input.
//! Where branches meet, the field covers those of all branches. A transposed convolution of stride `s` divides the jump by `s`; where
//! that is not a whole number, and after an adaptive pooling with uneven windows, the field is reported as the whole input.

mod moved;

use alloc::vec::Vec;
use core::fmt;

use crate::graph::{Graph, Node, Value};
use crate::op::{Axis, ConvTranspose, DependsOn, Facts, Kind, Op, Shape, TransposedAxis, Window};

/// The part of a net's input that one number of a layer's output depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceptiveField {
    /// A window in each channel: rows, then columns. For a vector input, a single feature.
    Window([Extent; 2]),
    /// The whole input.
    Whole,
}

/// One direction of a window, in pixels of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Where the window of the first output begins; negative if it begins in the padding before the input.
    pub first: i64,
    /// Its size.
    pub size: u64,
    /// The distance between the windows of neighbouring outputs.
    pub jump: u64,
}

impl ReceptiveField {
    /// The field of the input itself.
    const PIXEL: Self = Self::Window([Extent { first: 0, size: 1, jump: 1 }; 2]);

    /// Height and width in pixels, unless it is the whole input.
    #[must_use]
    pub const fn size(&self) -> Option<[u64; 2]> {
        match self {
            Self::Window([rows, columns]) => Some([rows.size, columns.size]),
            Self::Whole => None,
        }
    }

    /// The smallest field that contains both.
    fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Window(a), Self::Window(b)) => Self::Window([a[0].with(b[0]), a[1].with(b[1])]),
            _ => Self::Whole,
        }
    }

    /// After a layer that reads this, as an input of this shape.
    fn after(self, op: &Op, input: Shape) -> Self {
        match op {
            Op::ConvTranspose(conv) => self.spread(conv),
            Op::Rearrange(rearrange) => self.rearranged(*rearrange, input),
            Op::Resize(resize) => self.resized(*resize, input),
            op => self.dependent(&op.fixed(input.size()).facts(), input),
        }
    }

    /// After a layer whose facts say what its output depends on.
    fn dependent(self, facts: &Facts, input: Shape) -> Self {
        match (facts.window, facts.depends_on, input) {
            (Some(window), ..) => self.over(window, input),
            (None, DependsOn::Element, _) | (None, DependsOn::Pixel, Shape::Map { .. }) => self,
            // Parts that differ are not one moving field, and vectors have no pixels.
            (None, DependsOn::Pixel | DependsOn::Part | DependsOn::Map | DependsOn::Input, _) => Self::Whole,
        }
    }

    /// After a transposed convolution, if its outputs are a whole number of pixels apart.
    fn spread(self, conv: &ConvTranspose) -> Self {
        let Self::Window([rows, columns]) = self else { return self };
        let [vertical, horizontal] = conv.axes();
        match (rows.spread(&vertical), columns.spread(&horizontal)) {
            (Some(rows), Some(columns)) => Self::Window([rows, columns]),
            _ => Self::Whole,
        }
    }

    /// After a window that moves over the input.
    fn over(self, window: Window, input: Shape) -> Self {
        let Self::Window([rows, columns]) = self else { return self };
        let [vertical, horizontal] = window.axes(input.size());
        Self::Window([rows.over(&vertical), columns.over(&horizontal)])
    }
}

impl fmt::Display for ReceptiveField {
    /// `7`, `7x5` (height x width), or `all`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.size() {
            Some([height, width]) if height == width => write!(f, "{height}"),
            Some([height, width]) => write!(f, "{height}x{width}"),
            None => f.write_str("all"),
        }
    }
}

impl Extent {
    /// After a window that moves over outputs with this field.
    fn over(self, axis: &Axis) -> Self {
        let times_jump = |outputs: usize| (outputs as u64).saturating_mul(self.jump);
        let before = i64::try_from(times_jump(axis.before)).unwrap_or(i64::MAX);
        Self {
            first: self.first.saturating_sub(before),
            size: self.size.saturating_add(times_jump(axis.extent() - 1)),
            jump: times_jump(axis.stride),
        }
    }

    /// After a transposed convolution of outputs with this field, if their distance is divisible by its stride. Its outputs read
    /// different numbers of inputs; fields of one size at equal distances contain what each of them reads.
    fn spread(self, axis: &TransposedAxis) -> Option<Self> {
        let stride = axis.stride as u64;
        if !self.jump.is_multiple_of(stride) {
            return None;
        }
        let jump = self.jump / stride;
        let distance = |outputs: usize| i64::try_from((outputs as u64).saturating_mul(jump)).unwrap_or(i64::MAX);
        let reach = axis.dilation * (axis.kernel - 1);
        let first = self.first.saturating_add(distance(axis.before)).saturating_sub(distance(reach));
        Some(Self { first, size: self.size.saturating_add((reach as u64).saturating_mul(jump)), jump })
    }

    /// The smallest one that contains both. Branches that meet have the same jump unless an output has only one pixel.
    fn with(self, other: Self) -> Self {
        let first = self.first.min(other.first);
        let end = self.end().max(other.end());
        Self { first, size: end.abs_diff(first), jump: self.jump.max(other.jump) }
    }

    fn end(self) -> i64 {
        self.first.saturating_add_unsigned(self.size)
    }
}

/// Whether a layer's inputs may be broadcast.
const fn is_merge(op: &Op) -> bool {
    matches!(op.facts().kind, Kind::Addition | Kind::Multiplication | Kind::Maximum)
}

impl Graph<'_> {
    /// The receptive field of each node's output, in the order of the nodes. A flattened map has the field of its pixels.
    #[must_use]
    pub fn receptive_fields(&self) -> Vec<ReceptiveField> {
        let mut fields = Vec::with_capacity(self.nodes.len());
        for node in self.nodes {
            fields.push(self.receptive_field(node, &fields));
        }
        fields
    }

    /// The field of a node, from the fields of the nodes before it.
    fn receptive_field(&self, node: &Node<'_>, before: &[ReceptiveField]) -> ReceptiveField {
        let read = node.inputs.iter().map(|input| match input {
            // It is repeated over whole maps, so all outputs depend on the same pixels: this is not a moving window.
            input if is_merge(&node.op) && self.shape(*input).size() != node.output.size() => ReceptiveField::Whole,
            Value::Input(_) => ReceptiveField::PIXEL,
            Value::Node(index) => before[*index],
        });
        let read = read.reduce(ReceptiveField::with).unwrap_or(ReceptiveField::PIXEL);
        node.inputs.first().map_or(read, |input| read.after(&node.op, self.shape(*input)))
    }
}

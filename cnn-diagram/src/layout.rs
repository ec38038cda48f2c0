//! Where everything goes: a scene of boxes, joins, wires, frames and words, in pixels.
//!
//! | part | does |
//! | --- | --- |
//! | `boxes` | the size of a block and of its text |
//! | `row` | what is measured: rows, their cells, and the panels below them |
//! | `panel` | rows in a frame |
//! | `exits` | what leaves a row, below it |
//! | `measure` | how wide and how high chains, merges and what leaves them are |
//! | `place` | puts rows and panels at a point |
//! | `page` | rows of the trunk, insets |
//!
//! A chain runs along a base line, from left to right. Branches of a merge are lanes above each other, in their order, and
//! what leaves a chain hangs below it, above the next lane. So no wire has to go around a block.

mod boxes;
mod exits;
mod measure;
mod page;
mod panel;
mod place;
mod row;

use crate::model::{Item, Letter};
use crate::theme::Kind;

pub(crate) use boxes::{AFTER_MARK, Face, LINE, Line, MARK, SHEET, letter_width};
pub(crate) use page::{needs, page};

/// Size of text on blocks, and of words next to them.
pub(crate) const TEXT: f32 = 11.0;
pub(crate) const SMALL: f32 = 10.0;
/// Between two blocks of a chain.
pub(crate) const GAP: f32 = 15.0;
/// Around the drawing.
pub(crate) const MARGIN: f32 = 16.0;
/// Height of a letter.
pub(crate) const LETTER: f32 = 13.0;
/// Radius of a sum.
pub(crate) const RADIUS: f32 = 10.0;
/// Width of the bar where branches are joined.
pub(crate) const BAR: f32 = 16.0;

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rect {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

impl Rect {
    pub(crate) fn right(&self) -> f32 {
        self.x + self.width
    }

    pub(crate) fn bottom(&self) -> f32 {
        self.y + self.height
    }

    pub(crate) fn middle(&self) -> [f32; 2] {
        [self.x + self.width / 2.0, self.y + self.height / 2.0]
    }
}

/// Everything that is drawn for a net.
#[derive(Default)]
pub(crate) struct Scene<'a> {
    pub(crate) nodes: Vec<Placed<'a>>,
    pub(crate) wires: Vec<Wire>,
    pub(crate) frames: Vec<Framed>,
    pub(crate) words: Vec<Word>,
    /// How far it reaches to the right and down.
    pub(crate) size: [f32; 2],
}

/// A block, a port or a join at its place.
pub(crate) struct Placed<'a> {
    pub(crate) item: &'a Item,
    pub(crate) rect: Rect,
    pub(crate) form: Form,
    /// Where its letters are.
    pub(crate) letters: Vec<(&'a Letter, Rect)>,
}

/// What an item looks like.
pub(crate) enum Form {
    /// A rectangle with words.
    Box(Face),
    /// A circle, where values are added or multiplied.
    Circle(Kind),
    /// A bar, where branches are joined.
    Bar,
}

/// A line along points, its corners round.
pub(crate) struct Wire {
    pub(crate) points: Vec<[f32; 2]>,
    /// Whether an arrow is at its end.
    pub(crate) arrow: bool,
    /// Whether it leads to layers that only training uses.
    pub(crate) dashed: bool,
}

/// A frame at its place.
pub(crate) struct Framed {
    pub(crate) rect: Rect,
    pub(crate) label: Vec<Line>,
    pub(crate) style: FrameStyle,
    /// Its tooltip.
    pub(crate) title: String,
}

/// What a frame is around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameStyle {
    /// A stage, or a call of a block that is not folded.
    Stage,
    /// A block that is drawn once.
    Inset,
    /// An auxiliary classifier.
    Head,
}

/// A shape written next to a wire; its middle is at `x`.
pub(crate) struct Word {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) text: String,
}

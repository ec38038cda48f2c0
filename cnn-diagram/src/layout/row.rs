//! What is measured before anything has a position: rows of cells, and the panels that hang below them.
//!
//! They contain each other: a merge has rows, a row has panels below it, and a panel has rows.

use std::ops::Range;

use super::FrameStyle;
use super::boxes::{Face, Line};
use crate::model::Item;
use crate::theme::Kind;

/// A part of a chain, on one line. Coordinates are relative to its beginning on the base line.
pub(super) struct Row<'a> {
    pub(super) cells: Vec<Cell<'a>>,
    pub(super) frames: Vec<(Range<f32>, Range<f32>, &'a str)>,
    /// Shapes next to wires: middle, base line, text.
    pub(super) words: Vec<(f32, f32, String)>,
    pub(super) width: f32,
    /// How far it reaches above and below the base line.
    pub(super) up: f32,
    pub(super) down: f32,
    /// The height of its blocks.
    pub(super) block: f32,
    /// What leaves the row, below it.
    pub(super) exits: Exits<'a>,
    /// Whether a wire continues after it.
    pub(super) goes_on: bool,
    /// The right edges of frames, by their places in the chain.
    pub(super) edges: Vec<(usize, f32)>,
}

/// An item of a row.
pub(super) struct Cell<'a> {
    pub(super) item: &'a Item,
    pub(super) x: f32,
    pub(super) width: f32,
    pub(super) up: f32,
    pub(super) down: f32,
    pub(super) form: CellForm<'a>,
}

/// How an item is laid out.
pub(super) enum CellForm<'a> {
    /// A rectangle.
    Box(Face),
    /// Lanes, and the kind of the join after them, whose left edge is at `join`.
    Merge { kind: Kind, lanes: Vec<Lane<'a>>, join: f32 },
}

/// A branch.
pub(super) struct Lane<'a> {
    /// Its base line, below that of its merge.
    pub(super) y: f32,
    pub(super) x: f32,
    /// `None` if it only skips.
    pub(super) row: Option<Row<'a>>,
}

/// Everything that leaves a row.
#[derive(Default)]
pub(super) struct Exits<'a> {
    pub(super) hung: Vec<Hung<'a>>,
    /// How far they reach to the right and down.
    pub(super) right: f32,
    pub(super) bottom: f32,
}

/// One thing that leaves a row, with its upper left corner. Coordinates are relative to the row's beginning on its base line.
pub(super) struct Hung<'a> {
    pub(super) panel: Panel<'a>,
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) wire: Vec<[f32; 2]>,
}

/// A chain in rows below each other, in a frame or not, before it has a position.
pub(super) struct Panel<'a> {
    pub(super) rows: Vec<Row<'a>>,
    pub(super) label: Vec<Line>,
    /// The frame around it; a tap has none.
    pub(super) style: Option<FrameStyle>,
    /// The frame's tooltip.
    pub(super) title: String,
    pub(super) width: f32,
    pub(super) height: f32,
}

impl Cell<'_> {
    /// The height that it needs as a block; `None` for a merge.
    pub(super) fn block(&self) -> Option<f32> {
        match &self.form {
            CellForm::Box(face) => Some(face.size[1]),
            CellForm::Merge { .. } => None,
        }
    }
}

impl Row<'_> {
    /// Where the first item begins.
    pub(super) fn entry(&self) -> f32 {
        self.cells.first().map_or(0.0, |cell| cell.x)
    }

    /// Whether it begins with a value that is drawn elsewhere.
    pub(super) fn begins_elsewhere(&self) -> bool {
        self.cells.first().is_some_and(|cell| cell.item.is_kept)
    }

    /// Whether a wire to it ends at a block, rather than where branches part.
    pub(super) fn begins_with_a_box(&self) -> bool {
        self.cells.first().is_some_and(|cell| cell.block().is_some())
    }
}

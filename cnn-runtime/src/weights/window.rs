//! The weights of a layer as they are packed: a few rows at a time.
//!
//! Weights of one layer can be most of a file, so they are never in memory as a whole. What packs them goes through the
//! tensor panel by panel; that is what is read here, as floats, before it begins with a panel.

use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

use super::bytes::Sum;
use super::error::Unreadable;
use super::values::{Stored, ValuesReader};
use crate::pack::{Layout, PANEL};

/// So many floats are read at once, where panels are not larger: a part of the L2 cache.
const FLOATS: usize = 64 << 10;

/// Some rows of a tensor.
pub(super) struct Window<'a, 'f> {
    layout: &'a Layout,
    /// Rows of the tensor.
    rows: usize,
    row_len: usize,
    size: usize,
    /// As many as a power of two: the number at a position in the tensor is where its last bits say, wherever the window begins.
    floats: &'a [Cell<f32>],
    /// The first row that is not read yet.
    next: Cell<usize>,
    reader: RefCell<ValuesReader<'f>>,
    fault: RefCell<Option<Unreadable>>,
    /// Hears how many bytes were read.
    read: &'a dyn Fn(usize),
}

impl<'a, 'f> Window<'a, 'f> {
    /// The first rows of the weights of a layer. A single value is a row, whatever the layout says.
    pub(super) fn new(
        layout: &'a Layout,
        weight: Stored<'f>,
        memory: &'a mut Vec<f32>,
        read: &'a dyn Fn(usize),
    ) -> Self {
        let rows = if weight.len() == 1 { 1 } else { layout.rows() };
        let row_len = weight.len() / rows;
        let longest = if layout.panel_end(0) == rows { weight.len() } else { FLOATS.max(PANEL * row_len) };
        let len = longest.min(weight.len()).next_power_of_two();
        memory.resize(memory.len().max(len), 0.0);
        let floats = &Cell::from_mut(memory.as_mut_slice()).as_slice_of_cells()[..len];
        let window = Self {
            layout,
            rows,
            row_len,
            size: weight.size(),
            floats,
            next: Cell::new(0),
            reader: RefCell::new(weight.reader()),
            fault: RefCell::new(None),
            read,
        };
        window.advance();
        window
    }

    /// Makes sure that a row is there, and all others of its panel. Panels come in their order.
    pub(super) fn reach(&self, row: usize) {
        if row >= self.next.get() {
            self.advance();
        }
    }

    /// One of the numbers that are there, by its position in the tensor.
    #[inline(always)]
    pub(super) fn at(&self, position: usize) -> f32 {
        self.floats[self.slot(position)].get()
    }

    fn slot(&self, position: usize) -> usize {
        position & (self.floats.len() - 1)
    }

    /// Reads the next rows: whole panels. After a fault, nothing is read any more.
    fn advance(&self) {
        let first = self.next.get();
        let mut end = first;
        while end < self.rows {
            let panel_end = self.layout.panel_end(end).min(self.rows);
            if end > first && (panel_end - first) * self.row_len > FLOATS {
                break;
            }
            end = panel_end;
        }
        self.next.set(end);
        let mut fault = self.fault.borrow_mut();
        if fault.is_none() {
            let (start, count) = (self.slot(first * self.row_len), (end - first) * self.row_len);
            let (before, behind) = self.floats.split_at(start);
            let (part, wrapped) = (&behind[..count.min(behind.len())], &before[..count.saturating_sub(behind.len())]);
            let mut reader = self.reader.borrow_mut();
            *fault = reader.fill(part).and_then(|()| reader.fill(wrapped)).err();
            (self.read)(count * self.size);
        }
    }

    /// Whether all that was read is what was read another time; else what went wrong.
    pub(super) fn finish(self, sum: Sum) -> Result<(), Unreadable> {
        match self.fault.into_inner() {
            Some(fault) => Err(fault),
            None => self.reader.into_inner().expect(sum),
        }
    }
}

//! The weights of a layer while they are packed: a few rows at a time.
//!
//! The weights of one layer can be most of a file, so they are never entirely in memory. Packing goes through the tensor
//! panel by panel, and each panel is read here, as floats, before its packing begins.

use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

use super::bytes::Sum;
use super::unreadable::Unreadable;
use super::values::{Stored, ValuesReader};
use crate::pack::{Layout, PANEL};

/// How many floats are read at once, unless panels are larger: a part of the L2 cache.
const FLOATS: usize = 64 << 10;

/// Some rows of a tensor.
pub(super) struct Window<'a, 'f> {
    layout: &'a Layout,
    /// Rows of the tensor.
    rows: usize,
    row_len: usize,
    size: usize,
    /// Their length is a power of two: the last bits of a position in the tensor are its index here, wherever the window begins.
    floats: &'a [Cell<f32>],
    /// The first row that has not been read yet.
    next: Cell<usize>,
    reader: RefCell<ValuesReader<'f>>,
    fault: RefCell<Option<Unreadable>>,
    /// Called with how many bytes were read.
    read: &'a dyn Fn(usize),
}

impl<'a, 'f> Window<'a, 'f> {
    /// The first rows of a layer's weights. A single value is a row, whatever the layout says.
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

    /// Makes sure that a row and all others in its panel have been read. Panels come in order.
    pub(super) fn reach(&self, row: usize) {
        if row >= self.next.get() {
            self.advance();
        }
    }

    /// One of the numbers in the window, by its position in the tensor.
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
            let (before, after) = self.floats.split_at(start);
            let (part, wrapped) = (&after[..count.min(after.len())], &before[..count.saturating_sub(after.len())]);
            let mut reader = self.reader.borrow_mut();
            *fault = reader.fill(part).and_then(|()| reader.fill(wrapped)).err();
            (self.read)(count * self.size);
        }
    }

    /// An error unless everything that was read is what was read the other time.
    pub(super) fn finish(self, sum: Sum) -> Result<(), Unreadable> {
        match self.fault.into_inner() {
            Some(fault) => Err(fault),
            None => self.reader.into_inner().expect(sum),
        }
    }
}

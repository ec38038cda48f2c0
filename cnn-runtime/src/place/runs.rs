//! Runs of floats that element-wise kernels go through.

use crate::place::map::Map;

/// How maps of the same size divide into contiguous runs: per pixel, per row, or one for the whole map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Runs {
    /// Rows in which runs start.
    rows: usize,
    /// Columns in which runs start.
    columns: usize,
    /// Floats of a run.
    pub(crate) len: usize,
}

impl Runs {
    /// The longest runs that are contiguous in all of `maps`.
    pub(crate) fn of(maps: impl Iterator<Item = Map> + Clone) -> Self {
        let mut runs = Self { rows: 0, columns: 0, len: 0 };
        for Map { height: rows, width: columns, channels: len, .. } in maps.clone().take(1) {
            runs = Self { rows, columns, len };
        }
        if runs.columns == 1 || maps.clone().all(|map| map.pixel == map.channels) {
            runs.len *= runs.columns;
            runs.columns = 1;
            if runs.rows == 1 || maps.clone().all(|map| map.row == runs.len) {
                runs.len *= runs.rows;
                runs.rows = 1;
            }
        }
        runs
    }

    /// Row and column of the first pixel of each run.
    pub(crate) fn starts(self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.rows).flat_map(move |row| (0..self.columns).map(move |column| (row, column)))
    }
}

impl Map {
    /// Where the channels of a pixel begin.
    #[inline(always)]
    pub(crate) fn at(&self, row: usize, column: usize) -> usize {
        self.offset + row * self.row + column * self.pixel
    }
}

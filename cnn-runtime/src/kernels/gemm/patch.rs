//! What a window is.

/// Windows of at most so many floats may have a table of them.
pub(super) const MOST_TAPS: usize = 256;
/// Segments from this length on are faster as loops.
const LONG_SEGMENT: usize = 20;

/// How the floats of a window lie in the map: `rows` x `segments` stretches of `len`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patch {
    /// Rows of the window.
    pub(crate) rows: usize,
    /// Distance between these.
    pub(crate) row: usize,
    /// Stretches in a row.
    pub(crate) segments: usize,
    /// Distance between these.
    pub(crate) segment: usize,
    /// Contiguous floats of a stretch.
    pub(crate) len: usize,
}

impl Patch {
    /// k: the floats of a window.
    pub(crate) const fn depth(&self) -> usize {
        self.rows * self.segments * self.len
    }

    /// Where the floats of a window are, counted from the first; empty where two loops are faster, since segments are
    /// long, or the window is too large for a table.
    pub(super) fn table<'a>(&self, taps: &'a mut [u32; MOST_TAPS]) -> &'a [u32] {
        let depth = self.depth();
        if self.len >= LONG_SEGMENT || depth > MOST_TAPS || self.rows * self.segments == 1 {
            return &[];
        }
        let mut rest = taps.iter_mut();
        for row in 0..self.rows {
            for segment in 0..self.segments {
                let start = row * self.row + segment * self.segment;
                for k in start..start + self.len {
                    let (Some(tap), Ok(at)) = (rest.next(), u32::try_from(k)) else { return &[] };
                    *tap = at;
                }
            }
        }
        taps.get(..depth).unwrap_or_default()
    }
}

//! The checks that memory safety rests on.
//!
//! Kernels compute in one workspace with raw pointers. Each entry point calls these first; they panic where a
//! description reaches outside. They are a few multiplications, and the same numbers at each call: code that `network!`
//! emits never fails them.

use crate::map::Map;
use crate::workspace::SLACK;

/// The element that lies `count - 1` steps of each kind behind `start`; `None` on overflow or without an element.
fn last<const N: usize>(start: usize, steps: [(usize, usize); N]) -> Option<usize> {
    let mut at = start;
    for (count, step) in steps {
        at = at.checked_add(count.checked_sub(1)?.checked_mul(step)?)?;
    }
    Some(at)
}

/// Whether element `last` and the vector behind it lie in a workspace of `len` floats.
fn is_inside(last: Option<usize>, len: usize) -> bool {
    last.and_then(|last| last.checked_add(1 + SLACK)).is_some_and(|end| end <= len)
}

/// Asserts that a map, and the vector behind it, lie in a workspace of `len` floats.
pub(crate) fn assert_map(map: &Map, len: usize) {
    let last = last(map.offset, [(map.height, map.row), (map.width, map.pixel), (map.channels, 1)]);
    assert!(is_inside(last, len), "a map lies outside of the workspace: {map:?} in {len}");
}

/// Asserts that `map` is a map of the same size as `like`, in a workspace of `len` floats.
pub(crate) fn assert_same(map: &Map, like: &Map, len: usize) {
    assert_map(map, len);
    let same = map.height == like.height && map.width == like.width && map.channels == like.channels;
    assert!(same, "maps of different sizes: {map:?}, {like:?}");
}

/// Windows over a map with its halo: for each direction how many there are, their step, how many taps one has, and the
/// distance between those.
pub(crate) struct Windows {
    /// Rows: windows, step, taps, dilation.
    pub(crate) vertical: [usize; 4],
    /// Columns: windows, step, taps, dilation.
    pub(crate) horizontal: [usize; 4],
    /// Rows and columns of the halo before the first element.
    pub(crate) before: [usize; 2],
}

impl Windows {
    /// Where the first window begins, if all windows, and the vector behind the last one, lie in `len` floats.
    ///
    /// # Panics
    ///
    /// If they don't.
    pub(crate) fn assert(&self, map: &Map, len: usize) -> usize {
        let start = self.start(map);
        let end = start.and_then(|start| {
            let [rows, step, taps, dilation] = self.vertical;
            let vertical = [(rows, step.checked_mul(map.row)?), (taps, dilation.checked_mul(map.row)?)];
            let [columns, step, taps, dilation] = self.horizontal;
            let horizontal = [(columns, step.checked_mul(map.pixel)?), (taps, dilation.checked_mul(map.pixel)?)];
            last(start, [vertical[0], vertical[1], horizontal[0], horizontal[1], (map.channels, 1)])
        });
        assert!(is_inside(end, len), "windows reach outside of the workspace: {map:?} in {len}");
        start.unwrap_or_default()
    }

    fn start(&self, map: &Map) -> Option<usize> {
        let halo = self.before[0].checked_mul(map.row)?.checked_add(self.before[1].checked_mul(map.pixel)?)?;
        map.offset.checked_sub(halo)
    }
}

/// Asserts that a product of numbers of packed weights lies behind `offset` in `weights`, and gives them.
pub(crate) fn weights_at<const N: usize>(weights: &[f32], offset: usize, factors: [usize; N]) -> *const f32 {
    let len = factors.into_iter().try_fold(1_usize, usize::checked_mul);
    let slice = len.and_then(|len| weights.get(offset..)?.get(..len));
    assert!(slice.is_some(), "weights end early: {factors:?} from {offset} in {}", weights.len());
    slice.unwrap_or_default().as_ptr()
}

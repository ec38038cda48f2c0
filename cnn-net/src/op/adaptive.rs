//! Adaptive poolings, whose windows follow from the sizes of their input and output.

use super::{Op, Pool, Size};

/// The input's part `i` of `parts` as an adaptive pooling divides it: the first index, and one past the last. Parts may overlap.
#[must_use]
const fn part(input: usize, parts: usize, i: usize) -> [usize; 2] {
    [i * input / parts, ((i + 1) * input).div_ceil(parts)]
}

impl Op {
    /// The equivalent for an input of this size whose window moves evenly, or covers the whole map: an adaptive pooling
    /// whose windows are all alike is a plain one. Other layers are returned unchanged.
    #[must_use]
    pub fn fixed(self, input: Size) -> Self {
        let (Self::AdaptiveAvgPool(output) | Self::AdaptiveMaxPool(output)) = self else { return self };
        let is_mean = matches!(self, Self::AdaptiveAvgPool(_));
        if output == Size::square(1) {
            return if is_mean { Self::GlobalAvgPool } else { Self::GlobalMaxPool };
        }
        let (rows, columns) = (evenly(input.height, output.height), evenly(input.width, output.width));
        let (Some([height, row]), Some([width, column])) = (rows, columns) else { return self };
        let pool = Pool::new(Size::new(height, width), Size::new(row, column));
        if is_mean { Self::AvgPool(pool) } else { Self::MaxPool(pool) }
    }
}

/// The extent and the distance of the parts, if these are all equal.
fn evenly(input: usize, parts: usize) -> Option<[usize; 2]> {
    let [_, extent] = part(input, parts, 0);
    let [second, _] = part(input, parts, 1);
    // A single part has no distance to another.
    let step = if parts == 1 { extent } else { second };
    let even = step > 0 && (0..parts).all(|i| part(input, parts, i) == [i * step, i * step + extent]);
    even.then_some([extent, step])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_parts_are_a_plain_pooling() {
        assert_eq!(evenly(14, 7), Some([2, 2]));
        assert_eq!(evenly(7, 7), Some([1, 1]));
        assert_eq!(evenly(5, 2), Some([3, 2]));
        assert_eq!(evenly(9, 1), Some([9, 9]));
        assert_eq!(evenly(8, 3), None);
        assert_eq!(evenly(3, 7), None);
        let fixed = |op: Op| op.fixed(Size::new(14, 9));
        assert_eq!(fixed(Op::AdaptiveMaxPool(Size::square(1))), Op::GlobalMaxPool);
        let pool = Pool::new(Size::new(2, 3), Size::new(2, 3));
        assert_eq!(fixed(Op::AdaptiveAvgPool(Size::new(7, 3))), Op::AvgPool(pool));
        assert_eq!(fixed(Op::AdaptiveAvgPool(Size::new(7, 6))), Op::AdaptiveAvgPool(Size::new(7, 6)));
    }
}

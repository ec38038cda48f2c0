//! Where outputs lie between inputs, in one direction.

#[cfg(feature = "train")]
mod dependents;

use crate::exec::divide::div_rem;

/// Output `i` lies at `(start + i * step) / over`, counted in inputs.
#[derive(Clone, Copy)]
pub(crate) struct Axis {
    /// How many inputs there are.
    size: usize,
    start: usize,
    step: usize,
    /// The step, divided by `over`.
    whole_step: usize,
    part_step: usize,
    over: usize,
}

/// A place on an axis.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The number of an input.
    pub(crate) whole: usize,
    /// How far the place is beyond it, in parts of the distance to the next: less than [`Axis::over`].
    part: usize,
}

/// The inputs that an output depends on, and their weights.
#[derive(Clone, Copy)]
pub(crate) struct Taps<const T: usize> {
    pub(crate) at: [usize; T],
    pub(crate) weights: [f32; T],
}

impl Axis {
    const fn new(size: usize, start: usize, step: usize, over: usize) -> Self {
        let (whole_step, part_step) = div_rem(step, over);
        Self { size, start, step, whole_step, part_step, over }
    }

    /// Pixels cover as much of the input as of the output, and each begins at its place.
    pub(crate) const fn of_pixels(input: usize, output: usize) -> Self {
        Self::new(input, 0, input, output)
    }

    /// The edges of both maps are the same, and each pixel is at its middle: `(i + 1/2) * input / output - 1/2`. So that it is not
    /// negative, places are counted from 1.
    pub(crate) const fn of_edges(input: usize, output: usize) -> Self {
        Self::new(input, input + output, 2 * input, 2 * output)
    }

    /// The middles of the first pixels are the same, and those of the last. Places are counted from 1.
    pub(crate) const fn of_corners(input: usize, output: usize) -> Self {
        match output {
            1 => Self::new(input, 1, 0, 1),
            _ => Self::new(input, output - 1, input - 1, output - 1),
        }
    }

    /// The place of an output.
    #[inline(always)]
    pub(crate) const fn at(&self, index: usize) -> Place {
        let (whole, part) = div_rem(self.start + index * self.step, self.over);
        Place { whole, part }
    }

    /// The place of the next output.
    #[inline(always)]
    pub(crate) const fn next(&self, place: Place) -> Place {
        let part = place.part + self.part_step;
        let carry = part >= self.over;
        let part = if carry { part - self.over } else { part };
        Place { whole: place.whole + self.whole_step + carry as usize, part }
    }

    /// The place that is interpolated: as in PyTorch, one before the middle of the first pixel is moved there for two taps.
    #[inline(always)]
    pub(crate) const fn interpolated<const T: usize>(&self, place: Place) -> Place {
        if T == 2 && place.whole == 0 { Place { whole: 1, part: 0 } } else { place }
    }

    /// The taps at an [interpolated](Self::interpolated) place that is counted from 1: as many before it as after it. Those beyond the
    /// edges are the first or the last input.
    #[inline(always)]
    pub(crate) fn taps<const T: usize>(&self, place: Place) -> Taps<T> {
        let (mut at, mut weights) = ([0; T], [0.0; T]);
        let share = place.part as f32 / self.over as f32;
        let all = if T == 2 { [1.0 - share, share, 0.0, 0.0] } else { cubic(share) };
        for (k, at) in at.iter_mut().enumerate() {
            *at = (place.whole + k).saturating_sub(T / 2).min(self.size - 1);
        }
        for (weight, of) in weights.iter_mut().zip(all) {
            *weight = of;
        }
        Taps { at, weights }
    }
}

/// The weights of four neighbours at distances of `1 + t`, `t`, `1 - t` and `2 - t`: cubic convolution (Keys 1981) with PyTorch's
/// `a = -0.75`.
#[inline(always)]
fn cubic(t: f32) -> [f32; 4] {
    const A: f32 = -0.75;
    let near = |x: f32| ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
    let far = |x: f32| ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A;
    [far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_each_other() {
        for (input, output) in [(1, 1), (1, 7), (7, 1), (3, 8), (8, 3), (5, 5), (4, 8), (100, 33)] {
            for axis in [Axis::of_pixels(input, output), Axis::of_edges(input, output), Axis::of_corners(input, output)]
            {
                let mut place = axis.at(0);
                for index in 0..output {
                    assert!(place == axis.at(index));
                    assert!(axis.interpolated::<2>(place).whole <= input);
                    place = axis.next(place);
                }
            }
        }
    }

    #[test]
    fn weights_add_up_to_one() {
        for step in 0..=16 {
            let weights = cubic(step as f32 / 16.0);
            assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{weights:?}");
        }
        assert_eq!(cubic(0.0), [0.0, 1.0, 0.0, 0.0]);
    }
}

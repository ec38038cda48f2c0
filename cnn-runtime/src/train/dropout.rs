//! Which numbers dropout keeps.

use super::random::{philox, philox_first, words};

/// The mask of one dropout layer in one step (Srivastava et al. 2014). Each number is dropped with the probability `p`, and the others
/// are multiplied by [`scale`](Self::scale), so that their mean stays what it is at inference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    seed: [u32; 2],
    step: u32,
    layer: u32,
    /// A number is dropped if its bits are below this.
    least: u64,
    scale: f64,
}

impl Dropout {
    /// The mask that follows from `seed`, the number of the step (up to 2^32) and the layer's index among the nodes of
    /// the net.
    #[must_use]
    pub fn new(p: f32, seed: u64, step: u64, layer: u32) -> Self {
        let p = f64::from(p);
        let scale = if p < 1.0 { 1.0 / (1.0 - p) } else { 0.0 };
        Self { seed: words(seed), step: step as u32, layer, least: (p * 4_294_967_296.0) as u64, scale }
    }

    /// Whether a number is kept, given the index of its image in the batch and its position in that image in the order
    /// H, W, C.
    #[must_use]
    pub fn keeps(&self, image: u32, element: u32) -> bool {
        let [bits, ..] = philox(self.seed, [element, image, self.layer, self.step]);
        u64::from(bits) >= self.least
    }

    /// The factors of the 16 numbers from `element` on: the scale, or 0.
    #[inline(always)]
    pub(crate) fn factors(&self, image: u32, element: u32) -> [f32; 16] {
        let bits = philox_first(self.seed, [element, image, self.layer, self.step]);
        bits.map(|bits| if u64::from(bits) >= self.least { self.scale as f32 } else { 0.0 })
    }

    /// The factor of kept numbers: `1 / (1 - p)`.
    #[must_use]
    pub const fn scale(&self) -> f64 {
        self.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(mask: Dropout) -> usize {
        (0..10)
            .flat_map(|image| (0..1000).map(move |element| (image, element)))
            .filter(|at| mask.keeps(at.0, at.1))
            .count()
    }

    #[test]
    fn shares_are_as_asked_for() {
        assert_eq!(kept(Dropout::new(0.0, 1, 1, 0)), 10_000);
        assert_eq!(kept(Dropout::new(1.0, 1, 1, 0)), 0);
        for (p, expected) in [(0.5, 5_000), (0.3, 7_000), (0.9, 1_000)] {
            let found = kept(Dropout::new(p, 7, 3, 2));
            assert!(found.abs_diff(expected) < 200, "{found} of 10000 for {p}");
        }
        assert_eq!((Dropout::new(0.75, 0, 0, 0).scale(), Dropout::new(1.0, 0, 0, 0).scale()), (4.0, 0.0));
    }

    #[test]
    fn factors_are_those_of_numbers_one_by_one() {
        for (p, first) in [(0.0, 0), (0.3, 5), (0.5, u32::MAX - 3), (1.0, 7)] {
            let mask = Dropout::new(p, 1 << 40 | 3, 9, 4);
            for (i, factor) in mask.factors(2, first).into_iter().enumerate() {
                let kept = mask.keeps(2, first.wrapping_add(i as u32));
                assert_eq!(factor, if kept { mask.scale() as f32 } else { 0.0 });
            }
        }
    }

    /// Two masks of 1,000 fair bits agree in about 500 if they have nothing in common.
    #[test]
    fn masks_depend_on_seed_step_layer_and_image() {
        let mask = |seed, step, layer, image| move |element| Dropout::new(0.5, seed, step, layer).keeps(image, element);
        let first = mask(1, 2, 3, 4);
        for other in
            [mask(9, 2, 3, 4), mask(1 << 40 | 1, 2, 3, 4), mask(1, 9, 3, 4), mask(1, 2, 9, 4), mask(1, 2, 3, 9)]
        {
            let equal = (0..1000).filter(|element| first(*element) == other(*element)).count();
            assert!(equal.abs_diff(500) < 80, "{equal}");
        }
    }
}

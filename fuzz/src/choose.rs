//! Choices made by the bytes of an input. After the last byte, the first option is chosen.

use arbitrary::Unstructured;

/// The rest of an input.
pub(crate) struct Choices<'a>(Unstructured<'a>);

impl<'a> Choices<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    /// From `least` to `most`.
    pub(crate) fn between(&mut self, least: usize, most: usize) -> usize {
        self.0.int_in_range(least..=most).unwrap_or(least)
    }

    /// Below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.between(0, end - 1)
    }

    /// Once in `n` times.
    pub(crate) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0.arbitrary().unwrap_or_default()
    }

    /// Any float, of usual size or not.
    pub(crate) fn float(&mut self) -> f32 {
        match self.below(4) {
            0 => self.pick(&[0.0, 1.0, -1.0, 0.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 1e-45]),
            1 => f32::from_bits(self.bits() as u32),
            _ => self.between(0, 400) as f32 / 100.0 - 2.0,
        }
    }

    /// A number near the one that it replaces, or one that breaks arithmetic.
    pub(crate) fn hostile(&mut self, number: usize) -> usize {
        let near = self.below(17);
        match self.below(8) {
            0 => self.pick(&[0, 1, 2, 3, 15, 16, 17]),
            1 => number.wrapping_mul(2),
            2 => (1_usize << self.below(usize::BITS as usize)).wrapping_add(near).wrapping_sub(8),
            3 => usize::MAX - near,
            4 => (usize::MAX / number.max(1)).wrapping_add(near).wrapping_sub(8),
            5 => self.between(0, 5000),
            6 => self.bits() as usize,
            _ => number.wrapping_add(near).wrapping_sub(8),
        }
    }
}

/// Endless numbers in [-1, 1), determined by the seed (splitmix64).
pub fn noise(seed: u64) -> impl Iterator<Item = f32> {
    (1_u64..).map(move |position| {
        let mut z = seed.wrapping_add(position.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 40) as f32 / (1 << 23) as f32 - 1.0
    })
}

//! Random numbers that are a function of what they are for.

use cnn_runtime::train::philox;

/// What random bits are for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Order = 1,
    Split = 2,
    Augment = 3,
}

/// Four words that depend only on these numbers.
fn bits(seed: u64, purpose: Purpose, epoch: u32, index: u32, counter: u32) -> [u32; 4] {
    philox([seed as u32, (seed >> 32) as u32], [index, epoch, counter, purpose as u32 | 0x7261_6300])
}

/// A sequence of random numbers for an image in an epoch.
pub(crate) struct Draws {
    seed: u64,
    epoch: u32,
    image: u32,
    /// How many words were drawn.
    drawn: u32,
    words: [u32; 4],
}

impl Draws {
    pub(crate) fn new(seed: u64, epoch: u32, image: u32) -> Self {
        Self { seed, epoch, image, drawn: 0, words: [0; 4] }
    }

    fn word(&mut self) -> u32 {
        let place = self.drawn as usize % 4;
        if place == 0 {
            self.words = bits(self.seed, Purpose::Augment, self.epoch, self.image, self.drawn / 4);
        }
        self.drawn += 1;
        self.words[place]
    }

    /// A number in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        unit(self.word())
    }

    /// A number in [-1, 1).
    pub(crate) fn signed(&mut self) -> f64 {
        2.0 * self.unit() - 1.0
    }

    /// A nearly Gaussian number: the sum of four uniform ones, up to 3.4 standard deviations.
    pub(crate) fn normal(&mut self) -> f32 {
        let bytes = self.word().to_le_bytes();
        let sum: i32 = bytes.into_iter().map(i32::from).sum();
        // Each has a variance of (256² - 1) / 12.
        (sum - 510) as f32 / 147.800_54
    }
}

/// A number in [0, 1).
fn unit(word: u32) -> f64 {
    f64::from(word) / 4_294_967_296.0
}

/// A number below `count`.
fn below(word: u32, count: usize) -> usize {
    ((u64::from(word) * count as u64) >> 32) as usize
}

/// The numbers below `count` in an order that depends on the seed, on what it is for, and on the epoch (Fisher & Yates).
pub(crate) fn order(seed: u64, purpose: Purpose, epoch: u32, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, below(bits(seed, purpose, epoch, last as u32, 0)[0], last + 1));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_epoch_has_another_order_of_all_images() {
        let orders: Vec<_> = (0..3).map(|epoch| order(1, Purpose::Order, epoch, 50)).collect();
        for each in &orders {
            let mut sorted = each.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..50).collect::<Vec<_>>());
        }
        assert!(orders[0] != orders[1] && orders[1] != orders[2]);
        assert_eq!(orders[1], order(1, Purpose::Order, 1, 50));
        assert_ne!(orders[1], order(2, Purpose::Order, 1, 50));
        assert_eq!(order(1, Purpose::Order, 0, 0), [0; 0]);
    }

    #[test]
    fn draws_are_even_normal_and_of_one_image() {
        let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / numbers.len() as f64;
        let mut draws = Draws::new(1, 2, 3);
        let even: Vec<f64> = (0..4000).map(|_| draws.signed()).collect();
        assert!(mean(&even).abs() < 0.04 && even.iter().all(|x| (-1.0..1.0).contains(x)));
        let normal: Vec<f64> = (0..4000).map(|_| f64::from(draws.normal())).collect();
        let squares: Vec<f64> = normal.iter().map(|x| x * x).collect();
        assert!(mean(&normal).abs() < 0.07 && (mean(&squares) - 1.0).abs() < 0.1);
        assert_eq!(Draws::new(1, 2, 3).signed(), even[0]);
        for other in [[2, 2, 3], [1, 3, 3], [1, 2, 4]] {
            assert_ne!(Draws::new(other[0], other[1] as u32, other[2] as u32).signed(), even[0]);
        }
    }

    /// Each place is taken by each image about equally often.
    #[test]
    fn no_place_is_preferred() {
        let mut counts = [[0; 5]; 5];
        for seed in 0..2000 {
            for (place, image) in order(seed, Purpose::Split, 0, 5).into_iter().enumerate() {
                counts[place][image] += 1;
            }
        }
        assert!(counts.as_flattened().iter().all(|count| (330..470).contains(count)), "{counts:?}");
    }
}

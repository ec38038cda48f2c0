//! Random numbers that are a function of what they are for.

use cnn_runtime::train::philox;

/// What random bits are for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Order = 1,
    Split = 2,
    Augment = 3,
}

/// Four words that depend on nothing but these numbers.
pub(crate) fn bits(seed: u64, purpose: Purpose, epoch: u32, index: u32, counter: u32) -> [u32; 4] {
    philox([seed as u32, (seed >> 32) as u32], [index, epoch, counter, purpose as u32 | 0x7261_6300])
}

/// A number in [0, 1).
pub(crate) fn unit(word: u32) -> f64 {
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

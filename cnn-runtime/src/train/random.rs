//! Random bits that are a function of what they are for.
//!
//! A stateful generator gives other bits whenever something is computed in another order. A function of a key and a counter does not
//! (a counter-based generator), so results are the same for any number of threads.

/// Philox4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011): four words that depend on a key
/// and a counter, and look random in each bit of both.
#[must_use]
pub const fn philox(mut key: [u32; 2], mut counter: [u32; 4]) -> [u32; 4] {
    let mut round = 0;
    while round < 10 {
        let [high0, low0] = product(0xD251_1F53, counter[0]);
        let [high1, low1] = product(0xCD9E_8D57, counter[2]);
        counter = [high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
        round += 1;
    }
    counter
}

/// The first word for each of 16 counters whose first words are consecutive: side by side, so that the compiler can
/// vectorise.
#[inline(always)]
pub(super) fn philox_first(mut key: [u32; 2], counter: [u32; 4]) -> [u32; 16] {
    let mut counters = counter.map(|word| [word; 16]);
    for (i, word) in counters[0].iter_mut().enumerate() {
        *word = word.wrapping_add(i as u32);
    }
    for _ in 0..10 {
        let [first, second, third, fourth] = &mut counters;
        for (((first, second), third), fourth) in first.iter_mut().zip(second).zip(third).zip(fourth) {
            let [high0, low0] = product(0xD251_1F53, *first);
            let [high1, low1] = product(0xCD9E_8D57, *third);
            (*first, *second, *third, *fourth) = (high1 ^ *second ^ key[0], low1, high0 ^ *fourth ^ key[1], low0);
        }
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    counters[0]
}

/// The upper and the lower word of a product.
#[inline(always)]
const fn product(a: u32, b: u32) -> [u32; 2] {
    let product = a as u64 * b as u64;
    [(product >> 32) as u32, product as u32]
}

/// The lower and the upper word of a number.
pub(super) const fn words(number: u64) -> [u32; 2] {
    [number as u32, (number >> 32) as u32]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers that the authors publish with their code (Random123, `kat_vectors`).
    #[test]
    fn philox_gives_the_known_answers() {
        for (key, counter, answer) in [
            ([0; 2], [0; 4], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([u32::MAX; 2], [u32::MAX; 4], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0xa409_3822, 0x299f_31d0],
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ] {
            assert_eq!(philox(key, counter), answer);
        }
    }
}

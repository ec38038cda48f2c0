//! Random numbers from a seed, which differs in each run unless it is given.

use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

/// Seeds of sources to try: `CNN_FUZZ_ROUNDS` of them, from `CNN_FUZZ_SEED` or a seed that differs in each run.
pub(crate) fn seeds() -> impl Iterator<Item = u64> {
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64);
    let first = number("CNN_FUZZ_SEED").unwrap_or_else(clock);
    (0..number("CNN_FUZZ_ROUNDS").unwrap_or(500)).map(move |index| first.wrapping_add(index))
}

/// Random numbers, always the same ones from the same seed.
pub(crate) struct Random {
    state: u64,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        // Neighbouring seeds have nothing in common (splitmix64), and none is 0, which xorshift can't leave.
        let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        state = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ state >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self { state: (state ^ state >> 31).max(1) }
    }

    /// A number below `end` (xorshift).
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % end as u64) as usize
    }
}

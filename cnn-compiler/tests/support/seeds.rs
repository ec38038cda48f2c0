//! Seeds of random sources, which differ in each run unless they are given.

use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

/// Seeds of sources to try: `CNN_FUZZ_ROUNDS` of them, from `CNN_FUZZ_SEED` or a seed that differs in each run.
pub(crate) fn seeds() -> impl Iterator<Item = u64> {
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64);
    let first = number("CNN_FUZZ_SEED").unwrap_or_else(clock);
    (0..number("CNN_FUZZ_ROUNDS").unwrap_or(500)).map(move |index| first.wrapping_add(index))
}

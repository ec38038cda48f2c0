//! The peak of a core: multiplications and additions on registers alone.

use std::hint::black_box;
use std::time::{Duration, Instant};

use cnn_runtime::exec::isa::Isa;
use cnn_runtime::simd::{Kernel, Simd};

use super::repeat;

/// Independent chains of multiply-adds: enough for two units with a latency of four or five cycles each.
const CHAINS: usize = 12;
/// Rounds of all chains in one measurement: about 50 µs.
const ROUNDS: usize = 20_000;

/// GFLOP/s of one core, a multiply-add counting as two.
pub(super) fn peak(isa: Isa) -> f64 {
    let times = repeat(Duration::from_millis(100), 100, "measuring the peak", || {
        let start = Instant::now();
        black_box(isa.run(Chains(black_box(0.5))));
        start.elapsed()
    });
    let fastest = times.into_iter().min().unwrap_or_default();
    isa.run(Flops) / fastest.as_secs_f64() * 1e-9
}

/// Floating-point operations of [`Chains`].
struct Flops;

impl Kernel for Flops {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> f64 {
        (2 * ROUNDS * CHAINS * S::LANES) as f64
    }
}

struct Chains(f32);

impl Kernel for Chains {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> f32 {
        let factor = s.splat(self.0);
        let mut sums = [s.splat(1.0); CHAINS];
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = s.mul_add(*sum, factor, factor);
            }
        }
        s.reduce_sum(sums.into_iter().fold(s.splat(0.0), |all, sum| s.add(all, sum)))
    }
}

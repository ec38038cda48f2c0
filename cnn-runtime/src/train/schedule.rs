//! Learning rates as functions of the step, or of the epoch; both are counted from 0.

use core::f64::consts::PI;

/// The same rate always.
#[must_use]
pub const fn constant(rate: f64, _at: u64) -> f64 {
    rate
}

/// Multiplied by `factor` after every `every` steps or epochs: PyTorch's `StepLR`. Constant if `every` is 0.
#[must_use]
pub fn step(rate: f64, every: u64, factor: f64, at: u64) -> f64 {
    match at.checked_div(every) {
        Some(times) => rate * libm::pow(factor, times as f64),
        None => rate,
    }
}

/// Half a cosine, from `rate` at 0 down to `least` at `total`, and `least` from there on (Loshchilov & Hutter 2017).
#[must_use]
pub fn cosine(rate: f64, least: f64, total: u64, at: u64) -> f64 {
    if at >= total {
        return least;
    }
    least + (rate - least) * (1.0 + libm::cos(PI * at as f64 / total as f64)) / 2.0
}

/// Linear warm-up: a factor for any rate that grows from `1 / steps` at 0 to 1 (Goyal et al. 2017).
#[must_use]
pub fn warm_up(steps: u64, at: u64) -> f64 {
    if at >= steps { 1.0 } else { (at as f64 + 1.0) / steps as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-15, "{found} is not {expected}");
    }

    #[test]
    fn rates_fall_in_steps() {
        assert_close(constant(0.1, 1000), 0.1);
        for (at, expected) in [(0, 0.1), (29, 0.1), (30, 0.01), (59, 0.01), (60, 0.001)] {
            assert_close(step(0.1, 30, 0.1, at), expected);
        }
        assert_close(step(0.1, 0, 0.1, 5), 0.1);
    }

    #[test]
    fn rates_fall_along_a_cosine() {
        for (at, expected) in
            [(0, 0.5), (25, 0.1 + 0.4 * (2.0 + 2.0_f64.sqrt()) / 4.0), (50, 0.3), (100, 0.1), (150, 0.1)]
        {
            assert_close(cosine(0.5, 0.1, 100, at), expected);
        }
        assert_close(cosine(0.5, 0.1, 0, 0), 0.1);
    }

    #[test]
    fn rates_rise_at_first() {
        for (at, expected) in [(0, 0.25), (2, 0.75), (3, 1.0), (4, 1.0), (99, 1.0)] {
            assert_close(warm_up(4, at), expected);
        }
        assert_close(warm_up(0, 0), 1.0);
    }
}

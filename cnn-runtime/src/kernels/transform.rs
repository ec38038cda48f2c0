//! Winograd's transforms in one direction, and outputs that must be computed without them.
//!
//! A lane is transformed by itself, whatever it is: a channel or a pixel. Tiles in both directions are transformed twice.

pub(crate) mod direct;
pub(crate) mod range;

use crate::pack::points::{input_matrix, output_matrix};
use crate::simd::Simd;

/// The sum of `factors[k] * x[k]` over every second `k` from `first` on. Factors are constants to the optimiser, which
/// leaves out those that are 0.
#[inline(always)]
fn every_second<S: Simd, const N: usize>(s: S, factors: &[f32; N], x: &[S::Vec; N], first: usize) -> S::Vec {
    let mut sum = s.splat(0.0);
    let mut empty = true;
    let mut k = first;
    while k < N {
        let factor = factors[k];
        if factor != 0.0 {
            sum = match (empty, factor == 1.0) {
                (true, true) => x[k],
                (true, false) => s.mul(s.splat(factor), x[k]),
                (false, true) => s.add(sum, x[k]),
                (false, false) => s.mul_add(s.splat(factor), x[k], sum),
            };
            empty = false;
        }
        k += 2;
    }
    sum
}

/// `B^T x`.
#[inline(always)]
pub(crate) fn input<S: Simd, const N: usize>(s: S, x: &[S::Vec; N]) -> [S::Vec; N] {
    let matrix = const { input_matrix::<N>() };
    let mut y = *x;
    y[0] = every_second(s, &matrix[0], x, 0);
    let mut row = 1;
    while row + 1 < N {
        let even = every_second(s, &matrix[row], x, 0);
        let odd = every_second(s, &matrix[row], x, 1);
        y[row] = s.add(even, odd);
        y[row + 1] = s.sub(even, odd);
        row += 2;
    }
    if const { N.is_multiple_of(2) } {
        y[N - 1] = every_second(s, &matrix[N - 1], x, 1);
    }
    y
}

/// `A^T x`.
#[inline(always)]
pub(crate) fn output<S: Simd, const M: usize, const N: usize>(s: S, x: &[S::Vec; N]) -> [S::Vec; M] {
    let matrix = const { output_matrix::<M, N>() };
    // Of each pair of columns, the sum goes into even rows, and the difference into odd ones.
    let (mut sums, mut differences) = (*x, *x);
    let mut column = 1;
    while column + 1 < N {
        sums[column] = s.add(x[column], x[column + 1]);
        differences[column] = s.sub(x[column], x[column + 1]);
        column += 2;
    }
    let mut y = [s.splat(0.0); M];
    let mut row = 0;
    while row < M {
        let pairs = if row % 2 == 0 { &sums } else { &differences };
        // Columns 1, 3, ...: the last one, infinity's, has an odd index too.
        let sum = every_second(s, &matrix[row], pairs, 1);
        y[row] = if row == 0 { s.add(sum, x[0]) } else { sum };
        row += 1;
    }
    y
}

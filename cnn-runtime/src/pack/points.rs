//! The matrices of a Winograd convolution, made from its points.
//!
//! A tile of `M` outputs of a filter of `R` taps needs `N = M + R - 1` products: those of two polynomials' values at `N`
//! points, of which infinity is one if `N` is even (Toom and Cook; Winograd, "Arithmetic complexity of computations", 1980; Lavin & Gray,
//! "Fast algorithms for convolutional neural networks", 2016). With `a` the points, the transposed of polynomial
//! multiplication is
//!
//! ```text
//! y = A^T [ (G g) * (B^T d) ]         A^T[i][j] = a_j^i             G[j][k] = a_j^k / f_j      f_j = prod (a_j - a_k), k != j
//!                                     B^T[j]    = coefficients of prod (x - a_k), k != j
//! ```
//!
//! and for infinity `A^T` and `G` pick the highest term, and `B^T` has the product over all points. Points are 0 and pairs of
//! `p` and `-p`, and infinity is left out where that takes their number: then two rows of `B^T` have the same even and opposite odd terms, and so have two columns of `A^T`.

/// The most points of an algorithm here, infinity included.
pub(crate) const MOST: usize = 9;

/// The points after 0, in pairs of `p, -p`. Small ones and their inverses keep the rounding errors small: for F(4, 3) 3/4 and
/// 3/2 make half of the errors of 1 and 2.
const fn pairs(n: usize) -> &'static [f64] {
    match n {
        4 => &[1.0],
        6 => &[0.75, 1.5],
        8 => &[1.0, 2.0, 0.5],
        9 => &[0.5, 1.0, 1.5, 4.0],
        _ => panic!("no points for this tile"),
    }
}

/// How many of `n` points are finite.
const fn finite(n: usize) -> usize {
    n - 1 + n % 2
}

/// Point `j` of those that are finite.
const fn point(n: usize, j: usize) -> f64 {
    match j {
        0 => 0.0,
        j if j % 2 == 1 => pairs(n)[j / 2],
        j => -pairs(n)[j / 2 - 1],
    }
}

/// `B^T`, `N` x `N`.
pub(crate) const fn input_matrix<const N: usize>() -> [[f32; N]; N] {
    let mut matrix = [[0.0; N]; N];
    let mut row = 0;
    while row < N {
        // The product of (x - a) over all points but the row's own.
        let mut product = [0.0; MOST];
        product[0] = 1.0;
        let mut j = 0;
        while j < finite(N) {
            if j != row {
                let mut k = MOST - 1;
                while k > 0 {
                    product[k] = product[k - 1] - point(N, j) * product[k];
                    k -= 1;
                }
                product[0] *= -point(N, j);
            }
            j += 1;
        }
        let mut k = 0;
        while k < N {
            matrix[row][k] = product[k] as f32;
            k += 1;
        }
        row += 1;
    }
    matrix
}

/// `A^T`, `M` x `N`.
pub(crate) const fn output_matrix<const M: usize, const N: usize>() -> [[f32; N]; M] {
    let mut matrix = [[0.0; N]; M];
    let mut j = 0;
    while j < finite(N) {
        let mut power = 1.0;
        let mut i = 0;
        while i < M {
            matrix[i][j] = power as f32;
            power *= point(N, j);
            i += 1;
        }
        j += 1;
    }
    if N.is_multiple_of(2) {
        matrix[M - 1][N - 1] = 1.0;
    }
    matrix
}

/// The most taps of a filter.
pub(crate) const MOST_TAPS: usize = 5;

/// `G`, `n` x `taps`: what turns a row or a column of a filter into values.
pub(crate) const fn filter_matrix(n: usize, taps: usize) -> [[f64; MOST_TAPS]; MOST] {
    let mut matrix = [[0.0; MOST_TAPS]; MOST];
    let mut j = 0;
    while j < finite(n) {
        let at = point(n, j);
        let mut divisor = 1.0;
        let mut k = 0;
        while k < finite(n) {
            if k != j {
                divisor *= at - point(n, k);
            }
            k += 1;
        }
        let mut power = 1.0 / divisor;
        let mut tap = 0;
        while tap < taps {
            matrix[j][tap] = power;
            power *= at;
            tap += 1;
        }
        j += 1;
    }
    if n.is_multiple_of(2) {
        matrix[n - 1][taps - 1] = 1.0;
    }
    matrix
}

/// What makes taps of values again: `taps` x `n`.
pub(crate) type TapsMatrix = [[f64; MOST]; MOST_TAPS];

/// `(G^T G)^-1 G^T`. Nothing is lost in that, whatever is lost in the values. Where there is no such algorithm it is 0.
pub(crate) fn taps_matrix(n: usize, taps: usize) -> &'static TapsMatrix {
    match (n, taps) {
        (4, 3) => const { &pseudoinverse(4, 3) },
        (6, 3) => const { &pseudoinverse(6, 3) },
        (8, 3) => const { &pseudoinverse(8, 3) },
        (6, 4) => const { &pseudoinverse(6, 4) },
        (8, 4) => const { &pseudoinverse(8, 4) },
        (8, 5) => const { &pseudoinverse(8, 5) },
        (9, 5) => const { &pseudoinverse(9, 5) },
        _ => &[[0.0; MOST]; MOST_TAPS],
    }
}

/// [`taps_matrix`], computed.
const fn pseudoinverse(n: usize, taps: usize) -> TapsMatrix {
    let filter = filter_matrix(n, taps);
    let mut matrix = [[0.0; MOST]; MOST_TAPS];
    let mut square = [[0.0; MOST_TAPS]; MOST_TAPS];
    let mut tap = 0;
    while tap < taps {
        let mut point = 0;
        while point < n {
            matrix[tap][point] = filter[point][tap];
            let mut other = 0;
            while other < taps {
                square[tap][other] += filter[point][tap] * filter[point][other];
                other += 1;
            }
            point += 1;
        }
        tap += 1;
    }
    // Gauss and Jordan's elimination; the square is positive definite, so no row has to be exchanged.
    let mut pivot = 0;
    while pivot < taps {
        let scale = 1.0 / square[pivot][pivot];
        square[pivot] = combined(square[pivot], scale, square[pivot], 0.0);
        matrix[pivot] = combined(matrix[pivot], scale, matrix[pivot], 0.0);
        let mut row = 0;
        while row < taps {
            if row != pivot {
                let factor = -square[row][pivot];
                square[row] = combined(square[row], 1.0, square[pivot], factor);
                matrix[row] = combined(matrix[row], 1.0, matrix[pivot], factor);
            }
            row += 1;
        }
        pivot += 1;
    }
    matrix
}

/// `a * x + b * y`.
const fn combined<const N: usize>(x: [f64; N], a: f64, y: [f64; N], b: f64) -> [f64; N] {
    let mut sum = x;
    let mut i = 0;
    while i < N {
        sum[i] = a * x[i] + b * y[i];
        i += 1;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taps_are_made_of_values_again() {
        for (n, taps) in [(4, 3), (6, 3), (8, 3), (6, 4), (8, 4), (8, 5), (9, 5)] {
            let filter = [0.5, -1.25, 0.0, 0.75, -3.0];
            // As they are packed, in single precision.
            let values = filter_matrix(n, taps)
                .map(|row| row[..taps].iter().zip(filter).map(|(g, tap)| g * tap).sum::<f64>() as f32);
            for (row, expected) in taps_matrix(n, taps)[..taps].iter().zip(filter) {
                let tap: f64 = row[..n].iter().zip(values).map(|(factor, value)| factor * f64::from(value)).sum();
                assert!((tap - expected).abs() < 3.0 * 2_f64.powi(-22), "{taps} of {n}: {tap} and not {expected}");
            }
        }
    }

    /// One row of outputs, by the matrices and directly.
    fn check<const M: usize, const N: usize>(filter: &[f64]) {
        let data: [f64; N] = core::array::from_fn(|i| ((i * 7 + 3) % 5) as f64 - 1.5);
        let products: [f64; N] = core::array::from_fn(|j| {
            let row = input_matrix::<N>()[j];
            let transformed: f64 = filter_matrix(N, filter.len())[j].iter().zip(filter).map(|(g, tap)| g * tap).sum();
            transformed * row.iter().zip(data).map(|(b, d)| f64::from(*b) * d).sum::<f64>()
        });
        for i in 0..M {
            let row = output_matrix::<M, N>()[i];
            let found: f64 = row.iter().zip(products).map(|(a, m)| f64::from(*a) * m).sum();
            let expected: f64 = filter.iter().enumerate().map(|(k, tap)| tap * data[i + k]).sum();
            assert!(
                (found - expected).abs() < 1e-12,
                "F({M}, {}), output {i}: {found} and not {expected}",
                filter.len()
            );
        }
    }

    #[test]
    fn matrices_convolve() {
        check::<2, 4>(&[0.5, -1.25, 2.0]);
        check::<4, 6>(&[0.5, -1.25, 2.0]);
        check::<6, 8>(&[0.5, -1.25, 2.0]);
        check::<3, 6>(&[0.5, -1.25, 2.0, 0.75]);
        check::<5, 8>(&[0.5, -1.25, 2.0, 0.75]);
        check::<4, 8>(&[0.5, -1.25, 2.0, 0.75, -3.0]);
        check::<5, 9>(&[0.5, -1.25, 2.0, 0.75, -3.0]);
    }

    #[test]
    fn rows_come_in_pairs() {
        fn check<const N: usize>() {
            let matrix = input_matrix::<N>();
            for pair in 0..finite(N) / 2 {
                let (a, b) = (matrix[2 * pair + 1], matrix[2 * pair + 2]);
                assert!((0..N).all(|k| a[k] == if k % 2 == 0 { b[k] } else { -b[k] }));
            }
            assert!(
                (0..N).all(|k| k % 2 == 0 || matrix[0][k] == 0.0)
                    && (0..N).all(|k| k % 2 == 1 || finite(N) == N || matrix[N - 1][k] == 0.0)
            );
        }
        check::<4>();
        check::<6>();
        check::<8>();
        check::<9>();
    }
}

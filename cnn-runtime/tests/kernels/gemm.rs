//! Large convolutions against im2col and the sgemm of matrixmultiply.

use cnn_net::op::{Activation, Padding, Size};
use cnn_runtime::kernels::conv::{Conv2d, conv2d};
use cnn_runtime::pack::{Affine, ConvPanels};
use cnn_runtime::place::map::Map;

use crate::support::{Arena, Expected, Rng, check, index, isas};

/// Rows of the windows of a 3x3 convolution with padding 1, in the order in which weights are packed.
fn im2col(arena: &Arena, input: &Map) -> Vec<f32> {
    let mut rows = Vec::new();
    for y in 0..input.height {
        for x in 0..input.width {
            for ky in 0..3 {
                let start = index(input, y, x, 0) + ky * input.row - input.row - input.pixel;
                for kx in 0..3 {
                    rows.extend_from_slice(&arena.ws[start + kx * input.pixel..][..input.channels]);
                }
            }
        }
    }
    rows
}

#[test]
fn conv_agrees_with_matrixmultiply() {
    for isa in isas() {
        for [side, inputs, outputs] in [[28, 32, 48], [14, 64, 72], [7, 128, 40], [56, 3, 64]] {
            let mut rng = Rng(6);
            let mut arena = Arena::default();
            let input = arena.slice([side, side, inputs], Padding::symmetric(1, 1), 0, 0);
            let output = arena.slice([side, side, outputs], Padding::symmetric(1, 1), 0, 0);
            arena.fill(&input, || rng.float());
            arena.close();
            let k = 9 * inputs;
            let weight = rng.floats(k * outputs);
            let packing = ConvPanels { groups: 1, outputs, inputs, kernel: Size::square(3) };
            let mut packed = vec![f32::NAN; packing.len()];
            // Element (output, tap, input) of `weight`, found by the position in PyTorch's order (output, input, tap).
            let reorder = |at: usize| weight[(at / k) * k + (at % 9) * inputs + at / 9 % inputs];
            packing.pack(reorder, |_| Affine { scale: 1.0, shift: 0.0 }, &mut packed);
            let mut product = vec![0.0_f32; side * side * outputs];
            let a = im2col(&arena, &input);
            let (m, n) = (side * side, outputs);
            // SAFETY: the matrices are as large as their strides say.
            unsafe {
                let (a, b, c) = (a.as_ptr(), weight.as_ptr(), product.as_mut_ptr());
                matrixmultiply::sgemm(m, k, n, 1.0, a, k as isize, 1, b, 1, k as isize, 0.0, c, n as isize, 1);
            }
            let layer = Conv2d {
                input,
                output,
                kernel: Size::square(3),
                stride: Size::square(1),
                pad_top: 1,
                pad_left: 1,
                dilation: Size::square(1),
                groups: 1,
                weights: 0,
                residual: None,
                activation: Activation::Identity.into(),
            };
            // Both are sums of k products below 1, in different orders.
            let tolerance = k as f64 * f64::from(f32::EPSILON);
            check(
                isa,
                isa.name(),
                &arena,
                &output,
                |run, ws| conv2d(run, &layer.check(), &packed, ws),
                |y, x, c| Expected { value: product[(y * side + x) * outputs + c].into(), tolerance },
            );
        }
    }
}

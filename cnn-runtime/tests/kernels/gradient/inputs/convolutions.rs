//! Convolutions and transposed ones.

use cnn_net::op::{Conv, ConvTranspose, Op, Padding, Size};
use cnn_runtime::reference::{conv, conv_transpose, gradient};

use super::Layer;
use crate::elementwise::each_case;
use crate::support::Rng;

fn any_size(rng: &mut Rng, choices: &[usize]) -> Size {
    Size::new(rng.pick(choices), rng.pick(choices))
}

/// Groups, and the channels of each on one side and on the other; in half of those with several, one each.
fn groups(rng: &mut Rng) -> [usize; 3] {
    let channels = [1, 2, 5, 8, 9, 17, 33];
    match rng.below(4) {
        0 => [rng.pick(&[2, 7, 16, 19]), 1, 1],
        1 => [rng.pick(&[2, 3]), rng.pick(&channels), rng.pick(&channels)],
        _ => [1, rng.pick(&channels), rng.pick(&channels)],
    }
}

/// A convolution that fits an input of this size.
fn any(rng: &mut Rng) -> (Conv, [usize; 3]) {
    loop {
        let [groups, inputs, outputs] = groups(rng);
        let conv = Conv {
            filters: groups * outputs,
            kernel: any_size(rng, &[1, 2, 3, 3, 5]),
            stride: any_size(rng, &[1, 1, 2, 3, 4]),
            pad: rng.padding(2),
            dilation: any_size(rng, &[1, 1, 1, 2, 3]),
            groups,
            bias: true,
        };
        let size = Size::new(rng.pick(&[1, 4, 7, 10]), rng.pick(&[1, 5, 8, 13]));
        let rows = size.height + conv.pad.top + conv.pad.bottom;
        let columns = size.width + conv.pad.left + conv.pad.right;
        let extent = |kernel: usize, dilation: usize| (kernel - 1) * dilation + 1;
        let fits = extent(conv.kernel.height, conv.dilation.height) <= rows
            && extent(conv.kernel.width, conv.dilation.width) <= columns;
        if fits {
            return (conv, [groups * inputs, size.height, size.width]);
        }
    }
}

fn check_conv(seed: u64, count: usize, case: impl Fn(&mut Rng) -> (Conv, [usize; 3])) {
    each_case(seed, count, |isa, rng| {
        let (op, input) = case(rng);
        let weight = rng.floats(op.filters * input[0] / op.groups * op.kernel.area());
        let layer = Layer {
            op: Op::Conv(op),
            inputs: &[input],
            weight: &weight,
            forward: &|inputs| conv(&op, inputs[0], &weight, None),
            backward: &|inputs, upstream| gradient::conv(&op, inputs[0], &weight, upstream).inputs,
            in_place: [false; 2],
            terms: 0.0,
        };
        layer.check(isa, rng);
    });
}

#[test]
fn convolutions() {
    check_conv(100, 160, any);
}

/// Rows and columns that no window reaches have no gradient.
#[test]
fn what_windows_leave_out() {
    check_conv(101, 20, |rng| {
        let filters = rng.pick(&[1, 9]);
        let conv = Conv::new(filters, Size::square(2)).stride(Size::new(4, 5)).pad(Padding::new(1, 0, 0, 0));
        (conv, [rng.pick(&[1, 17]), 9, 13])
    });
}

#[test]
fn transposed_convolutions() {
    each_case(102, 160, |isa, rng| {
        let [groups, inputs, outputs] = groups(rng);
        let (stride, dilation) = (any_size(rng, &[1, 2, 2, 3]), any_size(rng, &[1, 1, 2, 3]));
        let added = |rng: &mut Rng, stride: usize, dilation: usize| rng.below(stride.max(dilation));
        let op = ConvTranspose {
            filters: groups * outputs,
            kernel: any_size(rng, &[1, 2, 3, 4, 5]),
            stride,
            pad: rng.padding(2),
            output_pad: Size::new(added(rng, stride.height, dilation.height), added(rng, stride.width, dilation.width)),
            dilation,
            groups,
            bias: true,
        };
        let input = [groups * inputs, rng.pick(&[1, 2, 5]), rng.pick(&[1, 3, 6])];
        let [rows, columns] = op.axes();
        if rows.output(input[1]).is_none() || columns.output(input[2]).is_none() {
            return;
        }
        let weight = rng.floats(input[0] * outputs * op.kernel.area());
        let layer = Layer {
            op: Op::ConvTranspose(op),
            inputs: &[input],
            weight: &weight,
            forward: &|inputs| conv_transpose(&op, inputs[0], &weight, None),
            backward: &|inputs, upstream| gradient::conv_transpose(&op, inputs[0], &weight, upstream).inputs,
            in_place: [false; 2],
            terms: 0.0,
        };
        layer.check(isa, rng);
    });
}

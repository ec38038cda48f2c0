//! Transposed convolutions.

use cnn_net::op::{Activation, ConvTranspose, Padding, Size};
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::kernels::conv_transpose::{ConvTranspose2d, conv_transpose2d};
use cnn_runtime::pack::{Affine, Layout};

use crate::support::{ACTIVATIONS, Arena, Rng, activated, check, isas};

/// A transposed convolution of an input of this size.
#[derive(Clone, Copy, Debug)]
struct Case {
    conv: ConvTranspose,
    inputs: usize,
    size: Size,
    /// None, a map, or the output.
    residual: u8,
    activation: Activation,
}

/// One pixel, one channel, one weight: what the named cases change.
const CONV: ConvTranspose = ConvTranspose::new(1, Size::square(1));
const PLAIN: Case =
    Case { conv: CONV, inputs: 1, size: Size::square(1), residual: 0, activation: Activation::Identity };
const TWO: Size = Size::square(2);

/// Small cases, one for each thing that can go wrong.
const NAMED: [(&str, Case); 14] = [
    ("1x1 input, 1x1 filter", PLAIN),
    ("1x1 input, 2x2 filter", Case { conv: ConvTranspose::new(1, TWO), ..PLAIN }),
    ("a tap for each phase", Case { conv: ConvTranspose::new(1, TWO).stride(TWO), size: TWO, ..PLAIN }),
    ("phases without taps", Case { conv: CONV.stride(TWO), size: TWO, ..PLAIN }),
    ("phases without taps, added", Case { conv: CONV.stride(Size::square(3)).output_pad(TWO), size: TWO, ..PLAIN }),
    (
        "a filter that is wider than the stride",
        Case { conv: ConvTranspose::new(1, Size::square(5)).stride(TWO), size: TWO, ..PLAIN },
    ),
    (
        "pad 1",
        Case {
            conv: ConvTranspose::new(1, Size::square(4)).stride(TWO).pad(Padding::symmetric(1, 1)),
            size: TWO,
            ..PLAIN
        },
    ),
    ("pad that cuts inputs off", Case { conv: CONV.pad(Padding::symmetric(1, 2)), size: Size::new(4, 6), ..PLAIN }),
    (
        "a dilation that shares a factor with the stride",
        Case { conv: ConvTranspose::new(1, Size::square(3)).stride(TWO).dilation(TWO), size: TWO, ..PLAIN },
    ),
    ("two groups", Case { conv: ConvTranspose::new(2, TWO).groups(2), inputs: 2, ..PLAIN }),
    ("a panel and a channel", Case { conv: ConvTranspose::new(17, TWO).stride(TWO), size: TWO, ..PLAIN }),
    ("a residual", Case { residual: 1, conv: ConvTranspose::new(1, TWO).stride(TWO), ..PLAIN }),
    ("a residual that is the output", Case { residual: 2, conv: ConvTranspose::new(1, TWO).stride(TWO), ..PLAIN }),
    ("a function", Case { activation: Activation::Tanh, conv: ConvTranspose::new(9, TWO).stride(TWO), ..PLAIN }),
];

impl Case {
    fn random(rng: &mut Rng) -> Self {
        let mut size = |choices: &[usize]| Size::new(rng.pick(choices), rng.pick(choices));
        let (kernel, stride) = (size(&[1, 2, 2, 3, 4, 4, 5]), size(&[1, 2, 2, 2, 3, 4]));
        let (kernel, stride) = rng.pick(&[(kernel, stride), (TWO, TWO), (Size::square(4), TWO)]);
        let dilation = Size::new(rng.pick(&[1, 1, 1, 2, 3]), rng.pick(&[1, 1, 1, 2, 3]));
        let added = |rng: &mut Rng, stride: usize, dilation: usize| rng.below(stride.max(dilation));
        let output_pad =
            Size::new(added(rng, stride.height, dilation.height), added(rng, stride.width, dilation.width));
        let groups = rng.pick(&[1, 1, 1, 2, 3]);
        let filters = groups * rng.pick(&[1, 2, 6, 7, 8, 9, 16, 17, 25, 40]);
        let pad = rng.padding(2);
        let conv = ConvTranspose { filters, kernel, stride, pad, output_pad, dilation, groups, bias: true };
        Self {
            conv,
            inputs: groups * rng.pick(&[1, 2, 3, 8, 9, 17]),
            size: Size::new(rng.pick(&[1, 1, 2, 3, 7]), rng.pick(&[1, 1, 2, 5, 8, 11])),
            residual: rng.pick(&[0, 0, 1, 2]),
            activation: rng.pick(&ACTIVATIONS),
        }
    }

    fn run(self, name: &str, isa: Isa, rng: &mut Rng) {
        let Self { conv, inputs, size, residual, activation } = self;
        let ConvTranspose { filters, kernel, stride, dilation, groups, pad, .. } = conv;
        let [vertical, horizontal] = conv.axes();
        let (Some(height), Some(width)) = (vertical.output(size.height), horizontal.output(size.width)) else { return };
        let mut arena = Arena::default();
        let halo = ConvTranspose2d::halo(&conv, size, Size::new(height, width));
        let input = arena.map(rng, [size.height, size.width, inputs], halo);
        let (halo_in, halo_out) = (rng.padding(1), rng.padding(1));
        let shape = [height, width, filters];
        let added = (residual == 1).then(|| arena.map(rng, shape, halo_in));
        let output = arena.map(rng, shape, halo_out);
        let residual = if residual == 2 { Some(output) } else { added };
        arena.fill(&input, || rng.float());
        residual.iter().for_each(|map| arena.fill(map, || rng.float()));
        arena.close();
        let (outputs, depth) = (filters / groups, inputs / groups);
        let (weight, bias) = (rng.floats(inputs * outputs * kernel.area()), rng.floats(filters));
        let layer = ConvTranspose2d::of(&conv, input, output).weights(5).residual(residual).activation(activation);
        let Layout::Transposed(panels) = layer.layout() else { panic!("its own layout") };
        let mut packed = vec![f32::NAN; 5 + panels.len()];
        panels.pack(|at| weight[at], |c| Affine { scale: 1.0, shift: bias[c].into() }, &mut packed[5..]);
        // The tap that brings an input to an output.
        let tap = |input: usize, stride: usize, output: usize, pad: usize, dilation: usize, taps: usize| {
            let distance = (output + pad).checked_sub(input * stride)?;
            (distance % dilation == 0 && distance / dilation < taps).then_some(distance / dilation)
        };
        check(
            isa,
            &format!("{} {name}: {self:?}", isa.name()),
            &arena,
            &output,
            |run, ws| conv_transpose2d(run, &layer.check(), &packed, ws),
            |y, x, c| {
                let mut sum = f64::from(bias[c]);
                let mut magnitude = sum.abs();
                for i in 0..depth {
                    let channel = c / outputs * depth + i;
                    for row in 0..size.height {
                        let Some(ky) = tap(row, stride.height, y, pad.top, dilation.height, kernel.height) else {
                            continue;
                        };
                        for column in 0..size.width {
                            let Some(kx) = tap(column, stride.width, x, pad.left, dilation.width, kernel.width) else {
                                continue;
                            };
                            let at = ((channel * outputs + c % outputs) * kernel.height + ky) * kernel.width + kx;
                            let product = arena.get(&input, row, column, channel) * f64::from(weight[at]);
                            sum += product;
                            magnitude += product.abs();
                        }
                    }
                }
                let residual = layer.residual.as_ref().map_or(0.0, |map| arena.get(map, y, x, c));
                let terms = (kernel.area() * depth + 3) as f64;
                let tolerance = terms * f64::from(f32::EPSILON) / 2.0 * (magnitude + residual.abs());
                activated(activation, sum + residual, tolerance)
            },
        );
    }
}

#[test]
fn small_transposed_convolutions() {
    for isa in isas() {
        NAMED.iter().for_each(|(name, case)| case.run(name, isa, &mut Rng(1)));
    }
}

#[test]
fn transposed_convolutions_of_random_shapes() {
    for isa in isas() {
        let mut rng = Rng(1);
        for _ in 0..500 {
            Case::random(&mut rng).run("random", isa, &mut rng);
        }
    }
}

//! Convolutions and fully connected layers.

use cnn_net::op::{Activation, Padding, Size};
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::conv::{Conv2d, conv2d, depthwise2d};
use cnn_runtime::kernels::dense::{Dense, dense};
use cnn_runtime::pack::{Affine, ConvPanels, DepthwiseTaps};
use cnn_runtime::place::map::Map;

use crate::support::{ACTIVATIONS, Arena, Rng, activated, check, isas};

/// A convolution with the weights in PyTorch's order, `[outputs, inputs / groups, height, width]`.
pub(crate) struct Filters {
    pub(crate) groups: usize,
    pub(crate) kernel: Size,
    pub(crate) weight: Vec<f32>,
    pub(crate) bias: Vec<f32>,
}

/// The sum for one output, and a bound of its rounding errors: a sum of n products of floats is off by at most n + 1
/// units of the sum of their absolute values.
pub(crate) fn sum_at(arena: &Arena, layer: &Conv2d, filters: &Filters, [y, x, c]: [usize; 3]) -> (f64, f64) {
    let Conv2d { input, output, kernel, stride, dilation, .. } = layer;
    let inputs = input.channels / filters.groups;
    let group = c / (output.channels / filters.groups);
    let mut sum = f64::from(filters.bias[c]);
    let mut magnitude = sum.abs();
    for i in 0..inputs {
        for ky in 0..kernel.height {
            for kx in 0..kernel.width {
                let row = (y * stride.height + ky * dilation.height) as isize - layer.pad_top as isize;
                let column = (x * stride.width + kx * dilation.width) as isize - layer.pad_left as isize;
                if (0..input.height as isize).contains(&row) && (0..input.width as isize).contains(&column) {
                    let value = arena.get(input, row as usize, column as usize, group * inputs + i);
                    let at = ((c * inputs + i) * kernel.height + ky) * kernel.width + kx;
                    let product = value * f64::from(filters.weight[at]);
                    sum += product;
                    magnitude += product.abs();
                }
            }
        }
    }
    let residual = layer.residual.as_ref().map_or(0.0, |map| arena.get(map, y, x, c));
    let terms = (filters.kernel.area() * inputs + 3) as f64;
    (sum + residual, terms * f64::from(f32::EPSILON) / 2.0 * (magnitude + residual.abs()))
}

fn pack(filters: &Filters, inputs: usize, outputs: usize) -> Vec<f32> {
    let panels = ConvPanels { groups: filters.groups, outputs, inputs, kernel: filters.kernel };
    let mut packed = vec![f32::NAN; panels.len()];
    let affine = |c: usize| Affine { scale: 1.0, shift: filters.bias[c].into() };
    panels.pack(|at| filters.weight[at], affine, &mut packed);
    packed
}

/// Packs the filters of a depthwise convolution.
fn pack_taps(filters: &Filters) -> Vec<f32> {
    let taps = DepthwiseTaps { channels: filters.groups, kernel: filters.kernel };
    let mut packed = vec![f32::NAN; taps.len()];
    let affine = |c: usize| Affine { scale: 1.0, shift: filters.bias[c].into() };
    taps.pack(|at| filters.weight[at], affine, &mut packed);
    packed
}

/// Shapes of one convolution; the rest is random.
#[derive(Clone, Copy, Debug)]
struct Case {
    groups: usize,
    /// Of a group.
    inputs: usize,
    outputs: usize,
    kernel: Size,
    stride: Size,
    dilation: Size,
    pad: Padding,
    output: Size,
    /// None, a map, or the output.
    residual: u8,
    activation: Activation,
}

/// One pixel, one channel, one weight: what the named cases change.
const PLAIN: Case = Case {
    groups: 1,
    inputs: 1,
    outputs: 1,
    kernel: Size::square(1),
    stride: Size::square(1),
    dilation: Size::square(1),
    pad: Padding::NONE,
    output: Size::square(1),
    residual: 0,
    activation: Activation::Identity,
};

/// Small cases, one for each thing that can go wrong.
const NAMED: [(&str, Case); 16] = [
    ("1x1 input, 1x1 filter", PLAIN),
    ("1x1 input, 3x3 filter, pad 1", Case { kernel: Size::square(3), pad: Padding::symmetric(1, 1), ..PLAIN }),
    ("pad at the top alone", Case { kernel: Size::square(2), pad: Padding { top: 1, ..Padding::NONE }, ..PLAIN }),
    ("pad at the right alone", Case { kernel: Size::square(2), pad: Padding { right: 1, ..Padding::NONE }, ..PLAIN }),
    ("3x1 filter over a column", Case { kernel: Size::new(3, 1), output: Size::new(4, 1), ..PLAIN }),
    ("1x3 filter over a row", Case { kernel: Size::new(1, 3), output: Size::new(1, 4), ..PLAIN }),
    ("stride 2 along rows", Case { stride: Size::new(1, 2), output: Size::new(1, 3), ..PLAIN }),
    ("stride 2 along columns", Case { stride: Size::new(2, 1), output: Size::new(3, 1), ..PLAIN }),
    ("a gap between the taps", Case { kernel: Size::square(2), dilation: Size::square(2), ..PLAIN }),
    ("two groups of one channel", Case { groups: 2, ..PLAIN }),
    ("half a panel and a channel", Case { outputs: 9, ..PLAIN }),
    ("a panel and a channel", Case { outputs: 17, output: Size::new(1, 2), ..PLAIN }),
    ("a residual", Case { residual: 1, output: Size::new(1, 2), ..PLAIN }),
    ("a residual that is the output", Case { residual: 2, output: Size::new(1, 2), ..PLAIN }),
    ("a clamp, which is done in registers", Case { residual: 1, activation: Activation::Relu, ..PLAIN }),
    ("a function that passes over the results", Case { residual: 1, activation: Activation::Tanh, ..PLAIN }),
];

impl Case {
    fn random(rng: &mut Rng) -> Self {
        let kernel = Size::new(rng.pick(&[1, 1, 2, 3, 3, 5, 7]), rng.pick(&[1, 1, 2, 3, 3, 5, 7]));
        Self {
            groups: rng.pick(&[1, 1, 1, 2, 3]),
            inputs: rng.pick(&[1, 2, 3, 4, 6, 8, 9, 16, 17]),
            outputs: rng.pick(&[1, 2, 6, 7, 8, 9, 15, 16, 17, 24, 25, 31, 48, 70, 90]),
            kernel,
            stride: Size::new(rng.pick(&[1, 1, 1, 2, 3]), rng.pick(&[1, 1, 1, 2, 3])),
            dilation: Size::new(rng.pick(&[1, 1, 1, 2]), rng.pick(&[1, 1, 1, 2])),
            pad: rng.padding(kernel.height.min(kernel.width) - 1),
            output: Size::new(rng.pick(&[1, 1, 2, 3, 7, 13]), rng.pick(&[1, 1, 2, 4, 5, 7, 8, 11, 19])),
            residual: rng.pick(&[0, 0, 1, 2]),
            activation: rng.pick(&ACTIVATIONS),
        }
    }

    /// With a filter for each channel.
    fn depthwise(self, channels: usize) -> Self {
        Self { groups: channels, inputs: 1, outputs: 1, ..self }
    }

    /// The input's height and width, unless they are all padding.
    fn input(&self) -> Option<Size> {
        let Self { kernel, stride, dilation, pad, output, .. } = *self;
        let span =
            |out: usize, stride: usize, taps: usize, dilation: usize| (out - 1) * stride + (taps - 1) * dilation + 1;
        let height =
            span(output.height, stride.height, kernel.height, dilation.height).checked_sub(pad.top + pad.bottom)?;
        let width = span(output.width, stride.width, kernel.width, dilation.width).checked_sub(pad.left + pad.right)?;
        (height > 0 && width > 0).then_some(Size::new(height, width))
    }

    /// Checks `kernel` with this layer and weights that `pack` packs.
    fn run(
        self,
        name: &str,
        isa: Isa,
        rng: &mut Rng,
        pack: impl Fn(&Filters) -> Vec<f32>,
        kernel: impl Fn(Run<'_>, &Conv2d, &[f32], &mut [f32]),
    ) {
        let Self { groups, inputs, outputs, stride, dilation, pad, output, activation, .. } = self;
        let Some(size) = self.input() else { return };
        let mut arena = Arena::default();
        let input = arena.map(rng, [size.height, size.width, groups * inputs], pad);
        let shape = [output.height, output.width, groups * outputs];
        let (halo_in, halo_out) = (rng.padding(1), rng.padding(1));
        let residual = (self.residual == 1).then(|| arena.map(rng, shape, halo_in));
        let output = arena.map(rng, shape, halo_out);
        let residual = if self.residual == 2 { Some(output) } else { residual };
        arena.fill(&input, || rng.float());
        residual.iter().for_each(|map| arena.fill(map, || rng.float()));
        arena.close();
        let filters = Filters {
            groups,
            kernel: self.kernel,
            weight: rng.floats(groups * outputs * inputs * self.kernel.area()),
            bias: rng.floats(groups * outputs),
        };
        let packed = [vec![f32::NAN; 5], pack(&filters)].concat();
        let layer = Conv2d {
            input,
            output,
            kernel: self.kernel,
            stride,
            pad_top: pad.top,
            pad_left: pad.left,
            dilation,
            groups,
            weights: 5,
            residual,
            activation: activation.into(),
        };
        check(
            isa,
            &format!("{} {name}: {self:?}", isa.name()),
            &arena,
            &output,
            |run, ws| kernel(run, &layer, &packed, ws),
            |y, x, c| {
                let (sum, tolerance) = sum_at(&arena, &layer, &filters, [y, x, c]);
                activated(activation, sum, tolerance)
            },
        );
    }

    fn run_conv(self, name: &str, isa: Isa, rng: &mut Rng) {
        let pack = |filters: &Filters| pack(filters, self.inputs, self.outputs);
        self.run(name, isa, rng, pack, |run, layer, packed, ws| conv2d(run, &layer.check(), packed, ws));
    }

    fn run_depthwise(self, name: &str, isa: Isa, rng: &mut Rng) {
        self.run(name, isa, rng, pack_taps, |run, layer, packed, ws| depthwise2d(run, &layer.check(), packed, ws));
    }
}

#[test]
fn small_convolutions() {
    for isa in isas() {
        NAMED.iter().for_each(|(name, case)| case.run_conv(name, isa, &mut Rng(1)));
    }
}

#[test]
fn small_depthwise_convolutions() {
    for isa in isas() {
        for (name, case) in NAMED {
            for channels in [1, 5, 8, 17] {
                case.depthwise(channels).run_depthwise(&format!("{name}, {channels} channels"), isa, &mut Rng(1));
            }
        }
    }
}

#[test]
fn conv_of_random_shapes() {
    for isa in isas() {
        let mut rng = Rng(1);
        for _ in 0..700 {
            Case::random(&mut rng).run_conv("random", isa, &mut rng);
        }
    }
}

/// Every tile height of whole and half panels, with and without a tail of channels.
#[test]
fn conv_of_all_pixel_counts() {
    let mut rng = Rng(2);
    for isa in isas() {
        for pixels in (1..=30).chain([95, 96, 97, 193]) {
            for outputs in [6, 8, 16, 21] {
                let case = Case { inputs: 3, outputs, output: Size::new(1, pixels), ..PLAIN };
                case.run_conv("a row of pixels", isa, &mut rng);
            }
        }
    }
}

#[test]
fn conv_with_a_kernel_as_large_as_its_input() {
    let mut rng = Rng(3);
    for isa in isas() {
        for outputs in [1, 8, 10, 16, 24, 40, 56, 84, 120] {
            let (kernel, activation) = (Size::square(5), Activation::Tanh);
            let case = Case { inputs: 16, outputs, kernel, residual: 1, activation, ..PLAIN };
            case.run_conv("a single window", isa, &mut rng);
        }
    }
}

/// A fully connected layer over a map of `size` with `inputs` channels, perhaps with its output as residual.
fn dense_case(name: &str, isa: Isa, rng: &mut Rng, size: Size, [inputs, outputs]: [usize; 2], adds: bool) {
    let mut arena = Arena::default();
    let halo = rng.padding(1);
    let input = arena.map(rng, [size.height, size.width, inputs], halo);
    let output = arena.map(rng, [1, 1, outputs], Padding::NONE);
    arena.fill(&input, || rng.float());
    let residual = adds.then_some(output);
    residual.iter().for_each(|map| arena.fill(map, || rng.float()));
    arena.close();
    let (weight, bias) = (rng.floats(outputs * inputs * size.area()), rng.floats(outputs));
    let filters = Filters { groups: 1, kernel: size, weight, bias };
    let packed = pack(&filters, inputs, outputs);
    let activation = rng.pick(&ACTIVATIONS);
    let layer = Dense { input, output, weights: 0, residual, activation: activation.into() };
    let conv = whole_map(&layer, size);
    check(
        isa,
        &format!("{} {name}: {layer:?}", isa.name()),
        &arena,
        &output,
        |run, ws| dense(run, &layer.check(), &packed, ws),
        |y, x, c| {
            let (sum, tolerance) = sum_at(&arena, &conv, &filters, [y, x, c]);
            activated(activation, sum, tolerance)
        },
    );
}

#[test]
fn small_fully_connected_layers() {
    for isa in isas() {
        for (name, size, channels, adds) in [
            ("one input, one output", Size::square(1), [1, 1], false),
            ("one input, a panel and an output", Size::square(1), [1, 17], false),
            ("a map of 2x1 pixels", Size::new(2, 1), [1, 2], false),
            ("sums of more than one part", Size::square(1), [257, 1], false),
            ("a half panel after as many panels as are read at once", Size::square(1), [2, 72], false),
            ("a residual, which is the output", Size::square(1), [1, 3], true),
        ] {
            dense_case(name, isa, &mut Rng(1), size, channels, adds);
        }
    }
}

#[test]
fn dense_of_random_shapes() {
    for isa in isas() {
        let mut rng = Rng(4);
        for _ in 0..150 {
            let size = Size::new(rng.pick(&[1, 2, 5]), rng.pick(&[1, 3, 5]));
            let inputs = rng.pick(&[1, 3, 16, 33, 100]);
            let outputs = rng.pick(&[1, 5, 8, 10, 16, 23, 33, 47, 64, 70, 100]);
            let adds = rng.pick(&[false, true]);
            dense_case("random", isa, &mut rng, size, [inputs, outputs], adds);
        }
    }
}

/// A fully connected layer as a convolution.
pub(crate) fn whole_map(layer: &Dense, kernel: Size) -> Conv2d {
    let one = Size::square(1);
    let Dense { input, output, weights, residual, activation } = *layer;
    Conv2d {
        input,
        output,
        kernel,
        stride: one,
        pad_top: 0,
        pad_left: 0,
        dilation: one,
        groups: 1,
        weights,
        residual,
        activation,
    }
}

#[test]
fn depthwise_of_random_shapes() {
    for isa in isas() {
        let mut rng = Rng(5);
        for _ in 0..300 {
            let kernel = Size::new(rng.pick(&[1, 3, 3, 5]), rng.pick(&[1, 3, 3, 5]));
            let case = Case {
                kernel,
                stride: Size::new(rng.pick(&[1, 1, 2]), rng.pick(&[1, 1, 2])),
                dilation: Size::new(rng.pick(&[1, 1, 2]), rng.pick(&[1, 1, 2])),
                pad: rng.padding(kernel.height.min(kernel.width) - 1),
                output: Size::new(rng.pick(&[1, 2, 7]), rng.pick(&[1, 5, 8, 9, 20])),
                residual: rng.pick(&[0, 2]),
                activation: rng.pick(&ACTIVATIONS),
                ..PLAIN
            };
            case.depthwise(rng.pick(&[1, 6, 8, 16, 17, 31, 40])).run_depthwise("random", isa, &mut rng);
        }
    }
}

/// A layer that reaches outside of the workspace is refused, whatever it reads.
#[test]
#[cfg_attr(panic = "abort", ignore = "the panics of refusals can't be caught")]
fn descriptions_that_reach_outside_are_refused() {
    let good = whole_map(
        &Dense {
            input: Map::dense(0, 2, 2, 4),
            output: Map::vector(16, 8),
            weights: 0,
            residual: None,
            activation: Activation::Identity.into(),
        },
        Size::square(2),
    );
    let weights = vec![0.0; 8 * 17];
    let refused = |layer: Conv2d, weights: &[f32], len: usize| {
        let mut ws = vec![0.0; len];
        std::panic::catch_unwind(move || {
            let ws = &mut ws;
            conv2d(Run::best(), &layer.check(), weights, ws);
        })
        .is_err()
    };
    assert!(!refused(good, &weights, 24));
    assert!(refused(good, &weights, 23), "the output ends outside of the workspace");
    assert!(refused(good, &weights[1..], 40), "weights end early");
    assert!(refused(Conv2d { pad_top: 1, ..good }, &weights, 40), "a window begins before the workspace");
    assert!(refused(
        Conv2d { stride: Size::square(usize::MAX), output: Map::dense(16, 2, 1, 4), ..good },
        &weights,
        80
    ));
    assert!(refused(Conv2d { input: Map { row: usize::MAX / 2, ..good.input }, ..good }, &weights, 40), "overflow");
    assert!(refused(Conv2d { output: Map { height: 0, ..good.output }, ..good }, &weights, 40), "an empty map");
    assert!(refused(Conv2d { groups: 0, ..good }, &weights, 40));
    assert!(refused(Conv2d { groups: 3, ..good }, &weights, 40));
    assert!(refused(Conv2d { residual: Some(Map::vector(33, 8)), ..good }, &weights, 40), "a residual at the end");
    assert!(refused(Conv2d { output: Map::vector(12, 8), ..good }, &weights, 40), "an output over the input");
    assert!(refused(Conv2d { residual: Some(Map::vector(17, 8)), ..good }, &weights, 40), "a residual over the output");
}

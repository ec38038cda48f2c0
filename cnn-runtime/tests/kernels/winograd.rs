//! Convolutions by Winograd's algorithm.

use cnn_net::op::{Activation, Conv, Padding, Size};
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::conv::Conv2d;
use cnn_runtime::kernels::winograd::{Winograd2d, halo, winograd2d, winograd2d_batch};
use cnn_runtime::pack::{Affine, WinogradPanels};
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::{Batch, SLACK};

use crate::conv::{Filters, sum_at};
use crate::special::{CLAMPS, expected_of, spoil};
use crate::support::{ACTIVATIONS, Arena, Expected, Rng, SPECIAL, activated, check, index, indices, isas, largest};

/// Tiles and filters that there is an algorithm for, and how much larger its rounding errors are than those of a sum.
const ALGORITHMS: [(usize, usize, f64); 6] =
    [(2, 3, 8.0), (4, 3, 32.0), (6, 3, 128.0), (3, 4, 32.0), (5, 4, 128.0), (4, 5, 128.0)];

/// A layer with its data.
struct Setup {
    arena: Arena,
    layer: Winograd2d,
    filters: Filters,
    packed: Vec<f32>,
}

/// Shapes of a layer; the input is as large as the output needs.
#[derive(Clone, Copy, Debug)]
struct Case {
    groups: usize,
    /// Of a group.
    inputs: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
    pad: Padding,
    output: Size,
    /// Side of a tile.
    tile: usize,
    /// Tiles of a block.
    block: usize,
    /// None, a map, or the output.
    residual: u8,
    activation: Activation,
}

/// One tile of one channel by F(4, 3): what the named cases change.
const PLAIN: Case = Case {
    groups: 1,
    inputs: 1,
    outputs: 1,
    kernel: 3,
    stride: 1,
    pad: Padding::NONE,
    output: Size::square(4),
    tile: 4,
    block: 1,
    residual: 0,
    activation: Activation::Identity,
};

/// Small cases, one for each thing that can go wrong.
const NAMED: [(&str, Case); 14] = [
    ("a tile", PLAIN),
    ("1x1 input, 3x3 filter, pad 1", Case { output: Size::square(1), pad: Padding::symmetric(1, 1), ..PLAIN }),
    ("a tile and a column", Case { output: Size::new(4, 5), ..PLAIN }),
    ("a tile and a row, in one block", Case { output: Size::new(5, 4), block: 2, ..PLAIN }),
    ("blocks of two and of one tile", Case { output: Size::new(4, 12), block: 2, ..PLAIN }),
    ("stride 2: a 5x5 filter as four of 3x3, with zeros", Case { kernel: 5, stride: 2, ..PLAIN }),
    ("two groups of one channel", Case { groups: 2, ..PLAIN }),
    ("two tiles in a vector of few channels", Case { inputs: 3, output: Size::new(4, 8), block: 2, ..PLAIN }),
    ("a vector of input channels and one more", Case { inputs: 17, ..PLAIN }),
    ("half a panel and a channel", Case { outputs: 9, ..PLAIN }),
    ("two panels and a channel", Case { outputs: 33, ..PLAIN }),
    ("a residual", Case { residual: 1, ..PLAIN }),
    ("a residual that is the output, and a clamp", Case { residual: 2, activation: Activation::Relu, ..PLAIN }),
    ("a function that passes over a part of a tile", {
        Case { output: Size::square(3), activation: Activation::Tanh, ..PLAIN }
    }),
];

impl Setup {
    fn random(rng: &mut Rng, (tile, taps): (usize, usize), activation: Activation) -> Self {
        let groups = rng.pick(&[1, 1, 1, 2, 3]);
        let stride = rng.pick(&[1, 1, 2, 3, 4]);
        // Not many more products in a sum than without a stride: the tolerance is for those.
        let inputs = match stride {
            1 => rng.pick(&[1, 3, 8, 16, 17, 40]),
            2 => rng.pick(&[1, 3, 8, 17]),
            _ => rng.pick(&[1, 3, 5]),
        };
        let outputs = rng.pick(&[1, 7, 8, 9, 16, 17, 24, 25, 40]);
        let output = Size::new(rng.pick(&[1, 2, 5, 7, 13]), rng.pick(&[1, 3, 6, 8, 14]));
        // All kernels with this number of taps in each phase of the stride.
        let kernel = taps * stride - rng.below(stride);
        let pad = Padding { top: rng.below(kernel), left: rng.below(kernel), ..Padding::NONE };
        let (block, residual) = (rng.pick(&[1, 2, 5, 7, 30]), rng.pick(&[0, 0, 1, 2]));
        let case = Case { groups, inputs, outputs, kernel, stride, pad, output, tile, block, residual, activation };
        Self::new(rng, case)
    }

    fn new(rng: &mut Rng, case: Case) -> Self {
        let Case { groups, inputs, outputs, kernel, stride, pad, output, tile, block, residual, activation } = case;
        let needed = |outputs: usize, pad: usize| ((outputs - 1) * stride + kernel).saturating_sub(pad).max(1);
        let size = Size::new(needed(output.height, pad.top), needed(output.width, pad.left));
        let conv = Conv {
            filters: groups * outputs,
            kernel: Size::square(kernel),
            stride: Size::square(stride),
            pad,
            dilation: Size::square(1),
            groups,
            bias: true,
        };
        let halo = halo(&conv, size, output, tile);
        let mut arena = Arena::default();
        let input = arena.map(rng, [size.height, size.width, groups * inputs], halo);
        let shape = [output.height, output.width, groups * outputs];
        let other = (residual == 1).then(|| arena.map(rng, shape, Padding::NONE));
        let output = arena.map(rng, shape, Padding::symmetric(1, 0));
        let residual = if residual == 2 { Some(output) } else { other };
        arena.fill(&input, || rng.float());
        residual.iter().for_each(|map| arena.fill(map, || rng.float()));
        arena.close();
        let (mut weight, bias) =
            (rng.floats(groups * outputs * inputs * kernel * kernel), rng.floats(groups * outputs));
        // Some weights of nothing, which make a NaN of an infinity.
        (0..weight.len() / 8).for_each(|_| weight[rng.below(outputs * inputs)] = 0.0);
        let filters = Filters { groups, kernel: conv.kernel, weight, bias };
        let panels = WinogradPanels { groups, outputs, inputs, kernel, stride, tile };
        let mut packed = vec![f32::NAN; panels.len()];
        let affine = |c: usize| Affine { scale: 1.0, shift: filters.bias[c].into() };
        panels.pack(|at| filters.weight[at], affine, &mut packed);
        let conv = Conv2d { residual, activation: activation.into(), ..Conv2d::of(&conv, input, output) };
        let layer = Winograd2d { conv, tile, pool: false, block, scratch: arena.ws.len(), mixed: false };
        Self { arena, layer, filters, packed }
    }

    fn floats(&self) -> usize {
        self.arena.ws.len() + self.layer.scratch_len() + SLACK
    }

    /// Runs it with scratch memory after the arena.
    fn run(&self, run: Run<'_>, ws: &mut [f32]) {
        let mut all = ws.to_vec();
        all.resize(self.floats(), f32::NAN);
        winograd2d(run, &self.layer.check(), &self.packed, &mut all);
        ws.copy_from_slice(&all[..ws.len()]);
    }

    fn check(&self, name: &str, isa: Isa, factor: f64) {
        let conv = &self.layer.conv;
        // All values of a tile are at most 1, and all are in the sums for each of its outputs, also where their share is 0.
        let panels = self.layer.panels();
        let terms = (panels.depth() * panels.taps().pow(2)) as f64;
        let tolerance = factor * f64::from(f32::EPSILON) * (terms.sqrt() + 1.0);
        check(
            isa,
            &format!("{} {name}: {:?}", isa.name(), self.layer),
            &self.arena,
            &conv.output,
            |run, ws| self.run(run, ws),
            |y, x, c| {
                let (sum, _) = sum_at(&self.arena, conv, &self.filters, [y, x, c]);
                activated(conv.activation.activation(), sum, tolerance)
            },
        );
    }
}

#[test]
fn small_tiles() {
    for isa in isas() {
        NAMED.iter().for_each(|(name, case)| Setup::new(&mut Rng(1), *case).check(name, isa, 32.0));
    }
}

#[test]
fn winograd_of_random_shapes() {
    for isa in isas() {
        let mut rng = Rng(12);
        for (tile, taps, factor) in ALGORITHMS {
            for _ in 0..150 {
                let activation = rng.pick(&ACTIVATIONS);
                Setup::random(&mut rng, (tile, taps), activation).check("random", isa, factor);
            }
        }
    }
}

#[test]
fn pooled_outputs_are_the_largest_of_2x2() {
    for isa in isas() {
        let mut rng = Rng(14);
        for (tile, taps, _) in ALGORITHMS.into_iter().filter(|(tile, ..)| tile % 2 == 0) {
            for _ in 0..80 {
                let activation = rng.pick(&[Activation::Identity, Activation::Relu, Activation::Relu6]);
                let mut setup = Setup::random(&mut rng, (tile, taps), activation);
                let all = setup.layer.conv.output;
                if all.height % 2 == 1 || all.width % 2 == 1 {
                    continue;
                }
                setup.layer.conv.residual = None;
                if rng.below(2) == 0 {
                    spoil(&mut rng, &mut setup.arena, &setup.layer.conv.input);
                }
                let mut ws = setup.arena.ws.clone();
                setup.run(isa.into(), &mut ws);
                // Into a part of the map that the outputs would be in.
                let output = Map { height: all.height / 2, width: all.width / 2, ..all };
                (setup.layer.pool, setup.layer.conv.output) = (true, output);
                check(
                    isa,
                    &format!("{} {:?}", isa.name(), setup.layer),
                    &setup.arena,
                    &output,
                    |run, ws| setup.run(run, ws),
                    |y, x, c| {
                        let at = |dy, dx| ws[index(&all, 2 * y + dy, 2 * x + dx, c)];
                        let value = largest([at(0, 0), at(0, 1), at(1, 0), at(1, 1)].map(f64::from));
                        Expected { value, tolerance: 0.0 }
                    },
                );
            }
        }
    }
}

#[test]
fn images_of_a_batch_give_what_they_give_alone() {
    for isa in isas() {
        let mut rng = Rng(13);
        for (tile, taps, _) in ALGORITHMS {
            let setup = Setup::random(&mut rng, (tile, taps), Activation::Relu);
            let batch = Batch { images: 3, floats: setup.floats() };
            let mut images: Vec<f32> = Vec::new();
            let mut alone = Vec::new();
            for _ in 0..batch.images {
                let mut ws = setup.arena.ws.clone();
                indices(&setup.layer.conv.input).into_iter().for_each(|at| ws[at] = rng.float());
                if rng.below(2) == 0 {
                    let all = indices(&setup.layer.conv.input);
                    ws[rng.pick(&all)] = rng.pick(&SPECIAL);
                }
                ws.resize(batch.floats, f32::NAN);
                images.extend(&ws);
                winograd2d(isa.into(), &setup.layer.check(), &setup.packed, &mut ws);
                alone.push(ws);
            }
            winograd2d_batch(isa.into(), &setup.layer.check(), batch, &setup.packed, &mut images);
            for (together, alone) in batch.split(&mut images).zip(&alone) {
                let same = |at: usize| together[at].to_bits() == alone[at].to_bits();
                assert!(indices(&setup.layer.conv.output).into_iter().all(same));
            }
        }
    }
}

#[test]
fn special_numbers_are_where_the_sums_have_them() {
    for isa in isas() {
        let mut rng = Rng(74);
        for (tile, taps, factor) in ALGORITHMS {
            for _ in 0..60 {
                let activation = rng.pick(&CLAMPS);
                let mut setup = Setup::random(&mut rng, (tile, taps), activation);
                spoil(&mut rng, &mut setup.arena, &setup.layer.conv.input);
                if let Some(residual) = setup.layer.conv.residual.filter(|_| rng.below(4) == 0) {
                    spoil(&mut rng, &mut setup.arena, &residual);
                }
                let conv = &setup.layer.conv;
                check(
                    isa,
                    &format!("{} {:?}", isa.name(), setup.layer),
                    &setup.arena,
                    &conv.output,
                    |run, ws| setup.run(run, ws),
                    |y, x, c| expected_of(&setup.arena, conv, &setup.filters, [y, x, c], factor),
                );
            }
        }
    }
}

#[test]
fn a_large_number_leaves_what_is_not_in_its_window_alone() {
    for isa in isas() {
        let mut rng = Rng(75);
        for (tile, taps, factor) in ALGORITHMS {
            for special in [f32::INFINITY, 3e38, 1e6] {
                let mut setup = Setup::random(&mut rng, (tile, taps), Activation::Identity);
                let all = indices(&setup.layer.conv.input);
                let element = rng.below(all.len());
                setup.arena.ws[all[element]] = special;
                let Conv2d { input, output, kernel, stride, pad_top, pad_left, .. } = setup.layer.conv;
                let pixel = element / input.channels;
                let covers = |window: usize, at: usize| {
                    (window * stride.height..window * stride.height + kernel.height).contains(&at)
                };
                let mut ws = setup.arena.ws.clone();
                setup.run(isa.into(), &mut ws);
                let mut worst = 0.0_f64;
                for at in 0..output.elements() {
                    let [y, x, c] = [
                        at / output.channels / output.width,
                        at / output.channels % output.width,
                        at % output.channels,
                    ];
                    let in_window =
                        covers(y, pixel / input.width + pad_top) && covers(x, pixel % input.width + pad_left);
                    if !in_window {
                        let (sum, _) = sum_at(&setup.arena, &setup.layer.conv, &setup.filters, [y, x, c]);
                        worst = worst.max((f64::from(ws[index(&output, y, x, c)]) - sum).abs());
                    }
                }
                let terms = (setup.layer.panels().depth() * taps * taps) as f64;
                let tolerance = factor * f64::from(f32::EPSILON) * (terms.sqrt() + 1.0);
                assert!(worst <= tolerance, "{} {special} {:?}: {worst:e}", isa.name(), setup.layer);
            }
        }
    }
}

//! Convolutions by Winograd's algorithm along columns, and the poolings that follow.

use cnn_net::op::{Activation, Conv, Padding, Size};
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::conv::Conv2d;
use cnn_runtime::kernels::strips::{Columns2d, Pooling, columns2d};
use cnn_runtime::pack::Affine;
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::SLACK;

use crate::conv::{Filters, sum_at};
use crate::planar::{even, pooled};
use crate::special::{CLAMPS, expected_of, spoil};
use crate::support::{ACTIVATIONS, Arena, Expected, Rng, activated, check, isas};

/// How much larger the rounding errors of F(5x1, 5x5) are than those of a sum.
const FACTOR: f64 = 25.0;

/// A layer with its data.
struct Setup {
    arena: Arena,
    layer: Columns2d,
    filters: Filters,
    packed: Vec<f32>,
}

/// Shapes of a layer; the input is as large as the output needs.
#[derive(Clone, Copy, Debug)]
struct Case {
    inputs: usize,
    filters: usize,
    /// Width of a filter.
    width: usize,
    pad: Padding,
    /// Rows and columns that are computed.
    output: Size,
    pool: Option<Pooling>,
    activation: Activation,
}

/// One pixel of one channel: what the named cases change.
const PLAIN: Case = Case {
    inputs: 1,
    filters: 1,
    width: 1,
    pad: Padding::NONE,
    output: Size::square(1),
    pool: None,
    activation: Activation::Identity,
};
const POOLED: Case = Case { output: Size::square(2), pool: Some(Pooling::Max), ..PLAIN };

/// Small cases, one for each thing that can go wrong.
const NAMED: [(&str, Case); 12] = [
    ("5x1 input, 5x1 filter", PLAIN),
    ("1x1 input, 5x5 filter, pad 2", Case { width: 5, pad: Padding::symmetric(2, 2), ..PLAIN }),
    ("a tile of 5 rows", Case { output: Size::new(5, 1), ..PLAIN }),
    ("a tile and a row", Case { output: Size::new(6, 1), ..PLAIN }),
    ("a row of several pixels and channels", Case { inputs: 3, width: 2, output: Size::new(1, 4), ..PLAIN }),
    ("half a panel and a filter", Case { filters: 9, ..PLAIN }),
    ("two panels and a filter", Case { filters: 33, output: Size::new(1, 2), ..PLAIN }),
    ("the largest of 2x2", POOLED),
    ("the mean of 2x2", Case { pool: Some(Pooling::Average), ..POOLED }),
    ("pooled rows of two tiles", Case { output: Size::new(8, 2), ..POOLED }),
    ("a clamp, which is done in registers", Case { activation: Activation::Relu, ..POOLED }),
    ("a function that passes over the results", Case { activation: Activation::Tanh, filters: 3, ..POOLED }),
];

impl Setup {
    fn random(rng: &mut Rng, filters: usize, pool: Option<Pooling>) -> Self {
        let (width, inputs) = (rng.pick(&[1, 2, 3, 5, 7]), rng.pick(&[1, 2, 3, 6, 8, 17]));
        let (rows, columns) = (1 + rng.below(22), 1 + rng.below(26));
        let output = if pool.is_some() { even(rows, columns) } else { Size::new(rows, columns) };
        let pad = Padding { top: rng.below(5), left: rng.below(width), ..Padding::NONE };
        let mut setup = Self::new(rng, Case { inputs, filters, width, pad, output, pool, ..PLAIN });
        setup.layer.conv.activation = rng.pick(&ACTIVATIONS).into();
        setup
    }

    fn new(rng: &mut Rng, case: Case) -> Self {
        let Case { inputs, filters, width, pad, output, pool, activation } = case;
        let kernel = Size::new(5, width);
        let size = Size::new(
            (output.height + 4).saturating_sub(pad.top).max(1),
            (output.width + kernel.width - 1).saturating_sub(pad.left).max(1),
        );
        let one = Size::square(1);
        let conv = Conv { filters, kernel, stride: one, pad, dilation: one, groups: 1, bias: true };
        let mut arena = Arena::default();
        let input = arena.slice([size.height, size.width, inputs], Columns2d::halo(&conv, size, output), 0, 0);
        let stored = if pool.is_some() { Size::new(output.height / 2, output.width / 2) } else { output };
        let output = arena.map(rng, [stored.height, stored.width, filters], Padding::symmetric(1, 1));
        arena.fill(&input, || rng.float());
        arena.close();
        let filters = Filters {
            groups: 1,
            kernel,
            weight: rng.floats(filters * inputs * kernel.area()),
            bias: rng.floats(filters),
        };
        let panels = Columns2d::panels_of(&conv, inputs);
        let mut packed = vec![f32::NAN; 5 + panels.len()];
        let affine = |c: usize| Affine { scale: 1.0, shift: filters.bias[c].into() };
        panels.pack(|at| filters.weight[at], affine, &mut packed[5..]);
        let conv = Conv2d { weights: 5, activation: activation.into(), ..Conv2d::of(&conv, input, output) };
        let scratch = arena.ws.len();
        Self { arena, layer: Columns2d { conv, pool, scratch }, filters, packed }
    }

    /// Runs it with scratch memory after the arena.
    fn run(&self, run: Run<'_>, ws: &mut [f32]) {
        let mut all = ws.to_vec();
        all.resize(self.layer.scratch + self.layer.scratch_len() + SLACK, f32::NAN);
        columns2d(run, &self.layer.check(), &self.packed, &mut all);
        ws.copy_from_slice(&all[..ws.len()]);
    }

    /// What the convolution gives, before it is pooled.
    fn expected(&self, y: usize, x: usize, c: usize) -> Expected {
        let conv = &self.layer.conv;
        let (sum, _) = sum_at(&self.arena, conv, &self.filters, [y, x, c]);
        let terms = (self.filters.kernel.area() * conv.input.channels) as f64;
        activated(conv.activation.activation(), sum, FACTOR * f64::from(f32::EPSILON) * (terms.sqrt() + 1.0))
    }

    fn check(&self, name: &str, isa: Isa) {
        check(
            isa,
            &format!("{} {name}: {:?}", isa.name(), self.layer),
            &self.arena,
            &self.layer.conv.output,
            |run, ws| self.run(run, ws),
            |y, x, c| match self.layer.pool {
                Some(pooling) => pooled(pooling, [y, x], |y, x| self.expected(y, x, c)),
                None => self.expected(y, x, c),
            },
        );
    }
}

#[test]
fn small_columns() {
    for isa in isas() {
        NAMED.iter().for_each(|(name, case)| Setup::new(&mut Rng(1), *case).check(name, isa));
    }
}

#[test]
fn columns_of_random_shapes() {
    let mut rng = Rng(31);
    for isa in isas() {
        for filters in [1, 6, 8, 9, 16, 20, 24, 25, 32, 50] {
            for pool in [None, Some(Pooling::Max), Some(Pooling::Average)] {
                (0..12).for_each(|_| Setup::random(&mut rng, filters, pool).check("random", isa));
            }
        }
    }
}

/// Whether the kernel refuses a layer that it takes but for a change.
fn refused(change: impl Fn(&mut Columns2d)) -> bool {
    let mut setup = Setup::random(&mut Rng(3), 6, Some(Pooling::Max));
    let mut ws = setup.arena.ws.clone();
    ws.resize(setup.layer.scratch + setup.layer.scratch_len() + SLACK, 0.0);
    change(&mut setup.layer);
    let Setup { layer, packed, .. } = setup;
    std::panic::catch_unwind(move || columns2d(Isa::best().into(), &layer.check(), &packed, &mut ws)).is_err()
}

#[test]
#[cfg_attr(panic = "abort", ignore = "the panics of refusals can't be caught")]
fn layers_of_another_form_are_refused() {
    assert!(!refused(|_| ()));
    assert!(refused(|layer| layer.conv.stride.width = 2));
    assert!(refused(|layer| layer.conv.stride.height = 2));
    assert!(refused(|layer| layer.conv.dilation.width = 2));
    assert!(refused(|layer| layer.conv.kernel.height = 4));
    assert!(refused(|layer| layer.conv.kernel.width = 0));
    assert!(refused(|layer| layer.conv.groups = 2));
    assert!(refused(|layer| layer.conv.residual = Some(layer.conv.output)));
    assert!(refused(|layer| layer.conv.input.pixel += 1));
    assert!(refused(|layer| layer.conv.output = Map { height: 400, ..layer.conv.output }));
    assert!(refused(|layer| layer.conv.output.channels = 60), "weights end early");
    assert!(refused(|layer| layer.scratch += SLACK + 1), "scratch memory outside of the workspace");
}

#[test]
fn special_numbers_are_where_the_sums_have_them() {
    for isa in isas() {
        let mut rng = Rng(73);
        for round in 0..200 {
            let pool = [None, Some(Pooling::Max), Some(Pooling::Average)][round % 3];
            let filters = rng.pick(&[1, 7, 8, 9, 16, 17, 25, 40]);
            let mut setup = Setup::random(&mut rng, filters, pool);
            setup.layer.conv.activation = rng.pick(&CLAMPS).into();
            spoil(&mut rng, &mut setup.arena, &setup.layer.conv.input);
            let conv = &setup.layer.conv;
            let expected = |y, x, c| expected_of(&setup.arena, conv, &setup.filters, [y, x, c], FACTOR);
            check(
                isa,
                &format!("{} {:?}", isa.name(), setup.layer),
                &setup.arena,
                &conv.output,
                |run, ws| setup.run(run, ws),
                |y, x, c| match pool {
                    Some(pooling) => pooled(pooling, [y, x], |y, x| expected(y, x, c)),
                    None => expected(y, x, c),
                },
            );
        }
    }
}

//! Convolutions of few filters over a single channel, and the poolings that follow.

use cnn_net::op::{Activation, Conv, Padding, Size};
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::kernels::conv::Conv2d;
use cnn_runtime::kernels::strips::{Planar2d, Pooling, planar2d};
use cnn_runtime::pack::{Affine, ColumnPanels};
use cnn_runtime::place::map::Map;

use crate::conv::{Filters, sum_at};
use crate::special::{CLAMPS, expected_of, spoil};
use crate::support::{ACTIVATIONS, Arena, Expected, Rng, activated, check, isas, largest};

/// How much larger the rounding errors of F(4x1, 5x5) are than those of a sum.
const FACTOR: f64 = 6.0;

/// The next size that 2x2 windows cover.
pub(crate) fn even(height: usize, width: usize) -> Size {
    Size::new(height.next_multiple_of(2), width.next_multiple_of(2))
}

/// What the pooling of four results should be, which are expected each.
pub(crate) fn pooled(pooling: Pooling, [y, x]: [usize; 2], expected: impl Fn(usize, usize) -> Expected) -> Expected {
    let four = [[0, 0], [0, 1], [1, 0], [1, 1]].map(|[dy, dx]| expected(2 * y + dy, 2 * x + dx));
    let values = four.map(|expected| expected.value);
    let value = match pooling {
        Pooling::Max => largest(values),
        Pooling::Average => f64::from(values.iter().sum::<f64>() as f32) / 4.0,
    };
    let widest = four.iter().fold(0.0, |widest: f64, expected| widest.max(expected.tolerance));
    if !value.is_finite() {
        return Expected { value, tolerance: 0.0 };
    }
    Expected { value, tolerance: widest + 1e-6 * values.iter().fold(0.0, |most: f64, value| most.max(value.abs())) }
}

/// A layer with its data.
struct Setup {
    arena: Arena,
    layer: Planar2d,
    filters: Filters,
    packed: Vec<f32>,
}

/// Shapes of a layer; the input is as large as the output needs.
#[derive(Clone, Copy, Debug)]
struct Case {
    filters: usize,
    kernel: Size,
    /// Of rows.
    stride: usize,
    dilation: usize,
    pad: Padding,
    /// Rows and columns that are computed.
    output: Size,
    /// 4, or 1 for sums as they are written down.
    tile: usize,
    pool: Option<Pooling>,
    activation: Activation,
}

/// The narrowest row of one filter of one weight: what the named cases change.
const PLAIN: Case = Case {
    filters: 1,
    kernel: Size::square(1),
    stride: 1,
    dilation: 1,
    pad: Padding::NONE,
    output: Size::new(1, 16),
    tile: 1,
    pool: None,
    activation: Activation::Identity,
};
/// The same by Winograd's algorithm.
const TILE: Case = Case { kernel: Size::new(5, 1), tile: 4, ..PLAIN };

/// Small cases, one for each thing that can go wrong.
const NAMED: [(&str, Case); 13] = [
    ("a row, 1x1 filter", PLAIN),
    ("a row and a pixel that is left over", Case { output: Size::new(1, 17), ..PLAIN }),
    ("3x3 filter, pad 1", Case { kernel: Size::square(3), pad: Padding::symmetric(1, 1), ..PLAIN }),
    ("stride 2 along columns", Case { stride: 2, output: Size::new(3, 16), ..PLAIN }),
    ("a gap between the taps", Case { kernel: Size::square(3), dilation: 2, ..PLAIN }),
    ("as many filters as there are accumulators", Case { filters: 6, ..PLAIN }),
    ("a vector of pixels for each of 8 filters", Case { filters: 8, ..PLAIN }),
    ("the largest of 2x2", Case { output: Size::new(2, 16), pool: Some(Pooling::Max), ..PLAIN }),
    ("a tile with one row inside of the output", TILE),
    ("a tile and a row", Case { output: Size::new(5, 16), ..TILE }),
    ("a tile of 5x5 filters, pad 2", Case { kernel: Size::square(5), pad: Padding::symmetric(2, 2), ..TILE }),
    ("the mean of 2x2 in a tile", Case { output: Size::new(4, 18), pool: Some(Pooling::Average), ..TILE }),
    ("a function before the pooling", {
        Case { output: Size::new(2, 16), pool: Some(Pooling::Max), activation: Activation::Tanh, ..TILE }
    }),
];

impl Setup {
    /// In a tile of 4 rows, or in one of 1 that a convolution is in that moves by several rows or has gaps in its filters.
    fn random(rng: &mut Rng, filters: usize, tile: usize, pool: Option<Pooling>) -> Self {
        let direct = tile == 1;
        let height = if direct { rng.pick(&[1, 2, 3, 5, 7]) } else { 5 };
        let kernel = Size::new(height, if direct { rng.pick(&[1, 3, 7]) } else { 1 + rng.below(5) });
        let (stride, dilation) = if direct { (rng.pick(&[1, 2, 3]), rng.pick(&[1, 2])) } else { (1, 1) };
        let (rows, columns) = (1 + rng.below(9), rng.pick(&[16, 17, 18, 20, 27, 28, 32, 33, 34, 48, 50]));
        let output = if pool.is_some() { even(rows, columns) } else { Size::new(rows, columns) };
        let pad = Padding { top: rng.below(kernel.height), left: rng.below(kernel.width), ..Padding::NONE };
        let mut setup = Self::new(rng, Case { filters, kernel, stride, dilation, pad, output, tile, pool, ..PLAIN });
        setup.layer.conv.activation = rng.pick(&ACTIVATIONS).into();
        setup
    }

    fn new(rng: &mut Rng, case: Case) -> Self {
        let Case { filters, kernel, stride, dilation, pad, output, tile, pool, activation } = case;
        let (stride, dilation) = (Size::new(stride, 1), Size::square(dilation));
        let span = |out: usize, stride: usize, taps: usize, pad: usize| {
            ((out - 1) * stride + (taps - 1) * dilation.height + 1).saturating_sub(pad).max(1)
        };
        let size = Size::new(
            span(output.height, stride.height, kernel.height, pad.top),
            span(output.width, 1, kernel.width, pad.left),
        );
        let conv = Conv { filters, kernel, stride, pad, dilation, groups: 1, bias: true };
        let mut arena = Arena::default();
        let halo = Planar2d::halo(&conv, size, output, tile);
        let input = arena.slice([size.height, size.width, 1], halo, 0, 0);
        let stored = if pool.is_some() { Size::new(output.height / 2, output.width / 2) } else { output };
        let output = arena.map(rng, [stored.height, stored.width, filters], Padding::symmetric(1, 1));
        arena.fill(&input, || rng.float());
        arena.close();
        let filters =
            Filters { groups: 1, kernel, weight: rng.floats(filters * kernel.area()), bias: rng.floats(filters) };
        let panels = ColumnPanels { outputs: filters.bias.len(), inputs: 1, kernel, tile };
        let mut packed = vec![f32::NAN; 5 + panels.len()];
        let affine = |c: usize| Affine { scale: 1.0, shift: filters.bias[c].into() };
        panels.pack(|at| filters.weight[at], affine, &mut packed[5..]);
        let conv = Conv2d { weights: 5, activation: activation.into(), ..Conv2d::of(&conv, input, output) };
        Self { arena, layer: Planar2d { conv, tile, pool }, filters, packed }
    }

    /// What the convolution gives, before it is pooled.
    fn expected(&self, y: usize, x: usize, c: usize) -> Expected {
        let Planar2d { conv, tile, .. } = &self.layer;
        let (sum, mut tolerance) = sum_at(&self.arena, conv, &self.filters, [y, x, c]);
        if *tile > 1 {
            let terms = self.filters.kernel.area() as f64;
            tolerance = FACTOR * f64::from(f32::EPSILON) * (terms.sqrt() + 1.0);
        }
        activated(conv.activation.activation(), sum, tolerance)
    }

    fn check(&self, name: &str, isa: Isa) {
        check(
            isa,
            &format!("{} {name}: {:?}", isa.name(), self.layer),
            &self.arena,
            &self.layer.conv.output,
            |run, ws| planar2d(run, &self.layer.check(), &self.packed, ws),
            |y, x, c| match self.layer.pool {
                Some(pooling) => pooled(pooling, [y, x], |y, x| self.expected(y, x, c)),
                None => self.expected(y, x, c),
            },
        );
    }
}

#[test]
fn small_planes() {
    for isa in isas() {
        NAMED.iter().for_each(|(name, case)| Setup::new(&mut Rng(1), *case).check(name, isa));
    }
}

#[test]
fn few_filters_over_a_single_channel() {
    let mut rng = Rng(9);
    for isa in isas() {
        for filters in 1..=8 {
            for tile in [1, 4] {
                for pool in [None, Some(Pooling::Max), Some(Pooling::Average)] {
                    for _ in 0..30 {
                        Setup::random(&mut rng, filters, tile, pool).check("random", isa);
                    }
                }
            }
        }
    }
}

/// Whether the kernel refuses a layer that it takes but for a change.
fn refused(change: impl Fn(&mut Planar2d)) -> bool {
    let mut setup = Setup::random(&mut Rng(3), 6, 4, Some(Pooling::Max));
    change(&mut setup.layer);
    let Setup { mut arena, layer, packed, .. } = setup;
    std::panic::catch_unwind(move || planar2d(Isa::best().into(), &layer.check(), &packed, &mut arena.ws)).is_err()
}

#[test]
#[cfg_attr(panic = "abort", ignore = "the panics of refusals can't be caught")]
fn layers_of_another_form_are_refused() {
    assert!(!refused(|_| ()));
    assert!(refused(|layer| layer.tile = 2));
    assert!(refused(|layer| layer.conv.stride.width = 2));
    assert!(refused(|layer| layer.conv.stride.height = 2));
    assert!(refused(|layer| layer.conv.kernel.height = 4));
    assert!(refused(|layer| layer.conv.kernel.width = 6));
    assert!(refused(|layer| layer.conv.groups = 2));
    assert!(refused(|layer| layer.conv.residual = Some(layer.conv.output)));
    assert!(refused(|layer| layer.conv.input = Map { pixel: 2, ..layer.conv.input }));
    assert!(refused(|layer| layer.conv.output = Map { width: 7, ..layer.conv.output }));
    assert!(refused(|layer| layer.conv.output = Map { height: 40, ..layer.conv.output }));
}

#[test]
fn special_numbers_are_where_the_sums_have_them() {
    for isa in isas() {
        let mut rng = Rng(72);
        for round in 0..400 {
            let pool = [None, Some(Pooling::Max), Some(Pooling::Average)][round % 3];
            let tile = rng.pick(&[4, 4, 4, 1]);
            let filters = 1 + rng.below(8);
            let mut setup = Setup::random(&mut rng, filters, tile, pool);
            setup.layer.conv.activation = rng.pick(&CLAMPS).into();
            spoil(&mut rng, &mut setup.arena, &setup.layer.conv.input);
            let Setup { arena, layer, filters, packed } = &setup;
            let expected = |y, x, c| expected_of(arena, &layer.conv, filters, [y, x, c], FACTOR);
            check(
                isa,
                &format!("{} {layer:?}", isa.name()),
                arena,
                &layer.conv.output,
                |run, ws| planar2d(run, &layer.check(), packed, ws),
                |y, x, c| match pool {
                    Some(pooling) => pooled(pooling, [y, x], |y, x| expected(y, x, c)),
                    None => expected(y, x, c),
                },
            );
        }
    }
}

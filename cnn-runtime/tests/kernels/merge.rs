//! Sums, differences, products and maxima of maps.

use cnn_net::op::Activation;
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::merge::{Merge, add, maximum, mul, sub};
use cnn_runtime::place::map::Map;

use crate::elementwise::{each_case, in_and_out};
use crate::support::{ACTIVATIONS, Arena, activated, check, isas, largest};

/// What maps become.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Sum,
    Difference,
    Product,
    Maximum,
}

/// Merges of one to four maps, one of them perhaps the output, and others perhaps a single pixel or a single channel.
#[test]
fn merges_of_maps_pixels_and_channels() {
    each_case(15, 600, |isa, rng| {
        let mut arena = Arena::default();
        let (first, output) = in_and_out(rng, &mut arena);
        let kind = rng.pick(&[Kind::Sum, Kind::Difference, Kind::Product, Kind::Maximum]);
        let mut inputs = vec![first];
        for _ in 0..rng.below(4) {
            let [mut height, mut width, mut channels] = [first.height, first.width, first.channels];
            if rng.below(3) == 0 {
                (height, width) = (1, 1);
            }
            if rng.below(3) == 0 {
                channels = 1;
            }
            let halo = rng.padding(1);
            let map = arena.map(rng, [height, width, channels], halo);
            arena.fill(&map, || rng.float());
            inputs.push(map);
        }
        let turn = rng.below(inputs.len());
        inputs.rotate_left(turn);
        arena.close();
        let activation = rng.pick(&ACTIVATIONS);
        let what = format!("{} {kind:?} {inputs:?} {activation:?}", isa.name());
        let kernel = |run: Run<'_>, ws: &mut [f32]| {
            let layer = Merge { inputs: &inputs, output, activation: activation.into() }.check();
            match kind {
                Kind::Sum => add(run, &layer, ws),
                Kind::Difference => sub(run, &layer, ws),
                Kind::Product => mul(run, &layer, ws),
                Kind::Maximum => maximum(run, &layer, ws),
            }
        };
        check(isa, &what, &arena, &output, kernel, |y, x, c| {
            let values = inputs.iter().map(|map| {
                let c = if map.channels == 1 { 0 } else { c };
                if map.pixels() == 1 { arena.get(map, 0, 0, c) } else { arena.get(map, y, x, c) }
            });
            let value = values.reduce(|a, b| match kind {
                Kind::Sum => a + b,
                Kind::Difference => a - b,
                Kind::Product => a * b,
                Kind::Maximum => largest([a, b]),
            });
            // Up to three roundings of numbers up to 11.
            activated(activation, value.unwrap_or(0.0), 3.0 * 11.0 * f64::from(f32::EPSILON))
        });
    });
}

#[test]
fn small_merges() {
    let (one, two) = (Map::vector(0, 2), Map::vector(2, 2));
    let row = Map::dense(4, 1, 2, 2);
    for isa in isas() {
        for (name, product, inputs, output, expected) in [
            ("the sum of one map", false, &[one][..], two, [1.0, 2.0]),
            ("the sum of two", false, &[one, two], two, [4.0, 6.0]),
            ("the sum of three, two of them the same", false, &[one, two, one], two, [5.0, 8.0]),
            ("the product of two", true, &[one, two], one, [3.0, 8.0]),
            ("a pixel that scales a row", true, &[row, one], row, [5.0, 12.0]),
        ] {
            let mut ws: Vec<f32> = (1..=72_u8).map(f32::from).collect();
            let layer = Merge { inputs, output, activation: Activation::Identity.into() }.check();
            if product {
                mul(isa.into(), &layer, &mut ws)
            } else {
                add(isa.into(), &layer, &mut ws)
            }
            assert_eq!(ws[output.offset..][..2], expected, "{} {name}", isa.name());
        }
    }
}

//! Gradients of element-wise functions.

use cnn_net::op::{Activation, Padding};
use cnn_runtime::kernels::gradient::activation::{ActivateGradient, activate_gradient, from_output};
use cnn_runtime::reference::activate;

use crate::elementwise::{each_case, in_and_out, slope_as_read};
use crate::support::{ACTIVATIONS, Arena, Expected, check};

/// The slope and how far a kernel may be from it: some ulps of the numbers that it is added up from, none of which is much larger than
/// the largest slope. At a kink it may be that of the other side.
fn slope(activation: Activation, x: f64) -> Expected {
    let (before, value, after) =
        (slope_as_read(activation, x - 1e-5), slope_as_read(activation, x), slope_as_read(activation, x + 1e-5));
    let tolerance = if (before - after).abs() > 0.01 { 2.0 } else { 2e-6 * value.abs().max(1.0) };
    Expected { value, tolerance }
}

#[test]
fn activations() {
    each_case(60, 400, |isa, rng| {
        let mut arena = Arena::default();
        let (input, mut output) = in_and_out(rng, &mut arena);
        let halo = rng.padding(1);
        let upstream = arena.map(rng, [input.height, input.width, input.channels], halo);
        arena.fill(&upstream, || rng.float() * 4.0);
        if output != input && rng.below(2) == 0 {
            output = upstream;
        }
        arena.close();
        let layer = ActivateGradient { input, upstream, output, activation: rng.pick(&ACTIVATIONS).into() };
        let what = format!("{} {layer:?}", isa.name());
        let kernel = |run: cnn_runtime::exec::run::Run<'_>, ws: &mut [f32]| activate_gradient(run, &layer.check(), ws);
        check(isa, &what, &arena, &output, kernel, |y, x, c| {
            let Expected { value, tolerance } = slope(layer.activation.activation(), arena.get(&input, y, x, c));
            let upstream = arena.get(&upstream, y, x, c);
            Expected { value: value * upstream, tolerance: tolerance * upstream.abs() + 1e-37 }
        });
    });
}

/// Far from 0 every slope is near a limit, whatever is computed with on the way.
#[test]
fn slopes_of_large_numbers() {
    each_case(61, 1, |isa, rng| {
        for activation in ACTIVATIONS {
            let mut arena = Arena::default();
            let [input, upstream] = [(); 2].map(|()| arena.map(rng, [1, 1, 18], Padding::NONE));
            let mut numbers =
                [20.5_f32, 60.0, 90.0, 105.0, 1e4, 1e10, 1e19, 1e30, 3e38].into_iter().flat_map(|x| [x, -x]);
            let read = |x: f32| if from_output(activation) { activate(activation, x.into()) as f32 } else { x };
            arena.fill(&input, || numbers.next().map_or(0.0, read));
            arena.fill(&upstream, || 1.0);
            arena.close();
            let layer = ActivateGradient { input, upstream, output: upstream, activation: activation.into() };
            let what = format!("{} {layer:?}", isa.name());
            let kernel =
                |run: cnn_runtime::exec::run::Run<'_>, ws: &mut [f32]| activate_gradient(run, &layer.check(), ws);
            check(isa, &what, &arena, &upstream, kernel, |_, _, c| {
                let x = arena.get(&input, 0, 0, c);
                let value = slope_as_read(activation, x);
                Expected { value, tolerance: 2e-6 * value.abs().max(1.0) }
            });
        }
    });
}

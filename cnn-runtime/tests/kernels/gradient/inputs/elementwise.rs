//! Functions, gates, factors, normalisations, softmax.

use cnn_net::op::{Activation, Factor, Lrn, LrnWindow, Norm, Op, Over, PreluPer};
use cnn_runtime::kernels::gradient::activation::from_output;
use cnn_runtime::reference::{Tensor, activate, derivative, gradient};
use cnn_runtime::reference::{glu, grn, log_softmax, lrn, normalise, prelu, scale, softmax};

use super::{Layer, any};
use crate::elementwise::{each_case, slope_as_read};
use crate::support::{ACTIVATIONS, Rng};

/// Its slope may be the one on the other side of a kink, where rounding moved the input or the output across it: those lie at multiples
/// of 1/2, which are exact.
#[test]
fn functions() {
    for activation in ACTIVATIONS {
        each_case(110, 8, |isa, rng| {
            let layer = Layer {
                op: Op::Activation(activation),
                inputs: &[any(rng)],
                weight: &[],
                forward: &|inputs| {
                    let data = inputs[0].data.iter().map(|x| activate(activation, *x));
                    Tensor { shape: inputs[0].shape, data: data.collect() }
                },
                backward: &|inputs, upstream| vec![gradient::activation(activation, inputs[0], upstream)],
                in_place: [true, !from_output(activation)],
                terms: 0.0,
            };
            layer.check(isa, rng);
        });
    }
}

/// The slope from the output is that at the input, wherever it is computed from that.
#[test]
fn slopes_from_outputs() {
    let more = [
        Activation::LeakyRelu { slope: 0.0 },
        Activation::LeakyRelu { slope: -0.5 },
        Activation::LeakyRelu { slope: 3.0 },
        Activation::Threshold { threshold: 1.0, value: 20.0 },
        Activation::Threshold { threshold: 1.0, value: -20.0 },
        Activation::HardTanh { min: 1.0, max: 1.0 },
    ];
    for activation in ACTIVATIONS.into_iter().chain(more) {
        let same = |x: f64| {
            let slope = slope_as_read(activation, activate(activation, x));
            (slope - derivative(activation, x)).abs() < 1e-12
        };
        let inputs = (-80..=80).map(|x| f64::from(x) / 8.0);
        assert!(!from_output(activation) || inputs.clone().all(same), "{activation:?}");
    }
    assert!(from_output(Activation::Relu) && from_output(Activation::LeakyRelu { slope: 0.1 }));
    assert!(!from_output(Activation::LeakyRelu { slope: -0.5 }) && !from_output(Activation::Silu));
}

#[test]
fn learnt_slopes() {
    each_case(111, 60, |isa, rng| {
        let (input, per) = (any(rng), rng.pick(&PreluPer::ALL));
        let slopes = match per {
            PreluPer::Channel => rng.floats(input[0]),
            PreluPer::Element => rng.floats(input.iter().product()),
            // Packed, it is one for each channel.
            PreluPer::Tensor => vec![rng.float(); input[0]],
        };
        let learnt = if per == PreluPer::Tensor { &slopes[..1] } else { &slopes };
        let layer = Layer {
            op: Op::Prelu(per),
            inputs: &[input],
            weight: &slopes,
            forward: &|inputs| prelu(per, inputs[0], learnt),
            backward: &|inputs, upstream| gradient::prelu(per, inputs[0], learnt, upstream).inputs,
            in_place: [true; 2],
            terms: 0.0,
        };
        layer.check(isa, rng);
    });
}

#[test]
fn gates() {
    each_case(112, 60, |isa, rng| {
        let [channels, height, width] = any(rng);
        let layer = Layer {
            op: Op::Glu,
            inputs: &[[2 * channels, height, width]],
            weight: &[],
            forward: &|inputs| glu(inputs[0]),
            backward: &|inputs, upstream| vec![gradient::glu(inputs[0], upstream)],
            in_place: [false, true],
            terms: 0.0,
        };
        layer.check(isa, rng);
    });
}

#[test]
fn factors() {
    each_case(113, 60, |isa, rng| {
        let input = any(rng);
        let factor = rng.pick(&[Factor::Fixed(-0.75), Factor::Channel, Factor::Tensor]);
        let weight = match factor {
            Factor::Fixed(factor) => vec![factor; input[0]],
            Factor::Channel => rng.floats(input[0]),
            Factor::Tensor => vec![rng.float(); input[0]],
        };
        let layer = Layer {
            op: Op::Scale { factor },
            inputs: &[input],
            weight: &weight,
            forward: &|inputs| scale(factor, inputs[0], &weight),
            backward: &|inputs, upstream| gradient::scale(factor, inputs[0], &weight, upstream).inputs,
            in_place: [true, false],
            terms: 0.0,
        };
        layer.check(isa, rng);
    });
}

fn any_norm(rng: &mut Rng, channels: usize) -> Norm {
    let (over, affine) = (rng.pick(&[Over::Channels, Over::All]), rng.below(2) == 0);
    let groups = rng.pick(&(1..=channels).filter(|groups| channels.is_multiple_of(*groups)).collect::<Vec<_>>());
    match rng.below(5) {
        0 => Norm::Layer { over, eps: 1e-2, affine },
        1 => Norm::Group { groups, eps: 1e-2, affine },
        2 => Norm::Instance { eps: 1e-2, affine },
        3 => Norm::Rms { over, eps: 1e-2, affine },
        // Less than most lengths, or more.
        _ => Norm::L2 { over, eps: rng.pick(&[1e-3, 1e3]) },
    }
}

#[test]
fn normalisations() {
    each_case(114, 250, |isa, rng| {
        let input = any(rng);
        let norm = any_norm(rng, input[0]);
        let gains = if norm.is_per_element() { input.iter().product() } else { input[0] };
        let has = norm.is_per_element() || matches!(norm, Norm::Layer { affine, .. } if affine);
        let has = has || matches!(norm, Norm::Group { affine, .. } | Norm::Instance { affine, .. } if affine);
        let has = has || matches!(norm, Norm::Rms { affine, .. } if affine);
        let weight = if has { rng.floats(gains) } else { vec![1.0; gains] };
        let given = has.then_some(weight.as_slice());
        let layer = Layer {
            op: Op::Norm(norm),
            inputs: &[input],
            weight: &weight,
            forward: &|inputs| normalise(&norm, inputs[0], given, None),
            backward: &|inputs, upstream| gradient::normalise(&norm, inputs[0], given, upstream).inputs,
            in_place: [true; 2],
            // Factors are larger than this.
            terms: if norm.eps() > 1.0 { 1e-3 } else { 0.1 },
        };
        layer.check(isa, rng);
    });
}

/// Sums are over all channels, and some may be zeros; gradients are sums of terms as large as 1.
#[test]
fn global_response_normalisations() {
    each_case(117, 150, |isa, rng| {
        let (input, eps) = (any(rng), rng.pick(&[1e-6, 0.5]));
        let (weight, bias) = (rng.floats(input[0]), vec![0.0_f32; input[0]]);
        let layer = Layer {
            op: Op::Grn { eps },
            inputs: &[input],
            weight: &weight,
            forward: &|inputs| grn(eps, inputs[0], &weight, &bias),
            backward: &|inputs, upstream| gradient::grn(eps, inputs[0], &weight, upstream).inputs,
            in_place: [true; 2],
            terms: 1.0,
        };
        layer.check(isa, rng);
    });
}

#[test]
fn local_response_normalisations() {
    each_case(115, 120, |isa, rng| {
        let channels = rng.pick(&[1, 4, 16, 17, 96, 200, 300]);
        let op = Lrn {
            size: rng.pick(&[0, 1, 2, 4, 5, 5, 5, 9, 40, 500]),
            window: rng.pick(&LrnWindow::ALL),
            alpha: rng.pick(&[1e-4, 0.5]),
            beta: rng.pick(&[0.75, 0.75, 0.5, 1.25]),
            k: rng.pick(&[1.0, 2.0]),
        };
        let layer = Layer {
            op: Op::Lrn(op),
            inputs: &[[channels, rng.pick(&[1, 2]), rng.pick(&[1, 3])]],
            weight: &[],
            forward: &|inputs| lrn(&op, inputs[0]),
            backward: &|inputs, upstream| vec![gradient::lrn(&op, inputs[0], upstream)],
            in_place: [false; 2],
            terms: 0.0,
        };
        layer.check(isa, rng);
    });
}

#[test]
fn softmaxes() {
    each_case(116, 80, |isa, rng| {
        let logarithm = rng.below(2) == 0;
        let forward = |input: &Tensor| if logarithm { log_softmax(input) } else { softmax(input) };
        let backward = if logarithm { gradient::log_softmax } else { gradient::softmax };
        let [channels, height, width] = any(rng);
        let input = rng.pick(&[[channels, height, width], [channels, height, width], [1000, 1, 1]]);
        let layer = Layer {
            op: if logarithm { Op::LogSoftmax } else { Op::Softmax },
            inputs: &[input],
            weight: &[],
            forward: &|inputs| forward(inputs[0]),
            backward: &|inputs, upstream| vec![backward(inputs[0], upstream)],
            in_place: [true, false],
            terms: 0.0,
        };
        layer.check(isa, rng);
    });
}

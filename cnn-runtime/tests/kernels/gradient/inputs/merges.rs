//! Merges of maps, pixels and channels.

use cnn_net::op::Op;
use cnn_runtime::reference::{Tensor, add, concat, gradient, max, mul, sub};

use super::{Layer, any, channels};
use crate::elementwise::each_case;

type Forward = fn(&[&Tensor]) -> Tensor;
type Backward = fn(&[&Tensor], &Tensor) -> Vec<Tensor>;

#[test]
fn merges() {
    each_case(120, 400, |isa, rng| {
        let merges: [(Op, Forward, Backward); 4] = [
            (Op::Add, add, gradient::add),
            (Op::Sub, sub, gradient::sub),
            (Op::Mul, mul, gradient::mul),
            (Op::Max, max, gradient::max),
        ];
        let (op, forward, backward) = merges[rng.below(4)];
        let [channels, height, width] = any(rng);
        let whole = [channels, height, width];
        let parts = [whole, whole, [channels, 1, 1], [1, height, width], [1, 1, 1]];
        let mut inputs: Vec<_> = (0..rng.pick(&[1, 2, 2, 2, 3, 4])).map(|_| rng.pick(&parts)).collect();
        let at = rng.below(inputs.len());
        inputs[at] = whole;
        let layer = Layer {
            op,
            inputs: &inputs,
            weight: &[],
            forward: &forward,
            backward: &backward,
            in_place: [false; 2],
            terms: 1.0,
        };
        layer.check(isa, rng);
    });
}

#[test]
fn concatenations() {
    each_case(121, 60, |isa, rng| {
        let [_, height, width] = any(rng);
        let inputs: Vec<_> = (0..rng.pick(&[1, 2, 3])).map(|_| [channels(rng), height, width]).collect();
        let layer = Layer {
            op: Op::Concat,
            inputs: &inputs,
            weight: &[],
            forward: &concat,
            backward: &gradient::concat,
            in_place: [false; 2],
            terms: 0.0,
        };
        layer.check(isa, rng);
    });
}

/// What a pixel or a channel changed is the sum over a large map.
#[test]
fn long_sums() {
    each_case(122, 6, |isa, rng| {
        let whole = [20, 60, 70];
        let inputs = [whole, rng.pick(&[[20, 1, 1], [1, 1, 1]])];
        let layer = Layer {
            op: Op::Mul,
            inputs: &inputs,
            weight: &[],
            forward: &mul,
            backward: &gradient::mul,
            in_place: [false; 2],
            terms: 0.0,
        };
        layer.check(isa, rng);
    });
}

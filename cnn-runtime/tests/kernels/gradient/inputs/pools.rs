//! Maxima and means.

use cnn_net::op::{Op, Pool, Size};
use cnn_runtime::reference::{Tensor, gradient};
use cnn_runtime::reference::{adaptive_avg_pool, adaptive_max_pool, avg_pool, channel_max, channel_mean};
use cnn_runtime::reference::{global_avg_pool, global_max_pool, max_pool};

use super::{Layer, any, channels, padding};
use crate::elementwise::each_case;
use crate::support::Rng;

fn any_size(rng: &mut Rng, choices: &[usize]) -> Size {
    Size::new(rng.pick(choices), rng.pick(choices))
}

/// A pooling that PyTorch would take for an input of this size: padding is at most half of the window.
fn any_pool(rng: &mut Rng) -> (Pool, [usize; 3]) {
    loop {
        let (kernel, stride) = (any_size(rng, &[1, 2, 3, 4, 5]), any_size(rng, &[1, 2, 3, 6]));
        let kernel = rng.pick(&[Size::square(2), Size::square(3), kernel]);
        let pool = Pool {
            kernel,
            stride: rng.pick(&[kernel, Size::square(2), stride]),
            pad: padding(rng, Size::new(kernel.height / 2, kernel.width / 2)),
            dilation: any_size(rng, &[1, 1, 1, 2, 3]),
            ceil: rng.below(2) == 0,
            count_include_pad: rng.below(2) == 0,
        };
        let input = [channels(rng), rng.pick(&[1, 4, 7, 10]), rng.pick(&[2, 5, 8, 13])];
        let [rows, columns] = pool.window().axes(Size::new(input[1], input[2]));
        let fits = [rows, columns].into_iter().all(|axis| axis.output().is_some() && axis.empty_window().is_none());
        if fits {
            return (pool, input);
        }
    }
}

#[test]
fn windows() {
    each_case(140, 400, |isa, rng| {
        let (pool, input) = any_pool(rng);
        let is_max = rng.below(2) == 0;
        let layer = Layer {
            op: if is_max { Op::MaxPool(pool) } else { Op::AvgPool(pool) },
            inputs: &[input],
            weight: &[],
            forward: &|inputs| if is_max { max_pool(&pool, inputs[0]) } else { avg_pool(&pool, inputs[0]) },
            backward: &|inputs, upstream| {
                vec![if is_max {
                    gradient::max_pool(&pool, inputs[0], upstream)
                } else {
                    gradient::avg_pool(&pool, inputs[0].shape, upstream)
                }]
            },
            in_place: [false; 2],
            terms: 0.0,
        };
        layer.check(isa, rng);
    });
}

#[test]
fn parts() {
    each_case(141, 160, |isa, rng| {
        let input = [channels(rng), rng.pick(&[1, 3, 7, 10]), rng.pick(&[1, 2, 5, 13])];
        let size = any_size(rng, &[1, 2, 3, 4, 7]);
        let is_max = rng.below(2) == 0;
        let layer = Layer {
            op: if is_max { Op::AdaptiveMaxPool(size) } else { Op::AdaptiveAvgPool(size) },
            inputs: &[input],
            weight: &[],
            forward: &|inputs| {
                if is_max { adaptive_max_pool(size, inputs[0]) } else { adaptive_avg_pool(size, inputs[0]) }
            },
            backward: &|inputs, upstream| {
                vec![if is_max {
                    gradient::adaptive_max_pool(inputs[0], upstream)
                } else {
                    gradient::adaptive_avg_pool(inputs[0].shape, upstream)
                }]
            },
            in_place: [false; 2],
            terms: 0.0,
        };
        layer.check(isa, rng);
    });
}

type Forward = fn(&Tensor) -> Tensor;
type Backward = fn(&Tensor, &Tensor) -> Tensor;

#[test]
fn whole_maps_and_channels() {
    let layers: [(Op, Forward, Backward); 4] = [
        (Op::GlobalAvgPool, global_avg_pool, |input, upstream| gradient::global_avg_pool(input.shape, upstream)),
        (Op::GlobalMaxPool, global_max_pool, gradient::global_max_pool),
        (Op::ChannelMean, channel_mean, |input, upstream| gradient::channel_mean(input.shape, upstream)),
        (Op::ChannelMax, channel_max, gradient::channel_max),
    ];
    for (op, forward, backward) in layers {
        each_case(142, 40, |isa, rng| {
            let layer = Layer {
                op,
                inputs: &[any(rng)],
                weight: &[],
                forward: &|inputs| forward(inputs[0]),
                backward: &|inputs, upstream| vec![backward(inputs[0], upstream)],
                in_place: [false, op == Op::ChannelMax],
                terms: 0.0,
            };
            layer.check(isa, rng);
        });
    }
}

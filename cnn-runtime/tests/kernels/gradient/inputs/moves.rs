//! Numbers in other places, and between others.

use cnn_net::op::{Crop, Edge, Extent, Interpolation, Interval, Op, Pad, Rearrange, Resize, Shape, Size};
use cnn_runtime::reference::{flatten, gradient, rearrange, resize};

use super::{Layer, any, channels, padding};
use crate::elementwise::each_case;
use crate::support::Rng;

fn check(seed: u64, count: usize, case: impl Fn(&mut Rng) -> (Rearrange, [usize; 3])) {
    each_case(seed, count, |isa, rng| {
        let (op, input) = case(rng);
        let layer = Layer {
            op: Op::Rearrange(op),
            inputs: &[input],
            weight: &[],
            forward: &|inputs| rearrange(op, inputs[0]),
            backward: &|inputs, upstream| vec![gradient::rearrange(op, inputs[0].shape, upstream)],
            in_place: [false; 2],
            terms: 0.0,
        };
        layer.check(isa, rng);
    });
}

#[test]
fn flattened() {
    each_case(130, 40, |isa, rng| {
        let layer = Layer {
            op: Op::Flatten,
            inputs: &[any(rng)],
            weight: &[],
            forward: &|inputs| flatten(inputs[0]),
            backward: &|inputs, upstream| vec![gradient::flatten(inputs[0].shape, upstream)],
            in_place: [false; 2],
            terms: 0.0,
        };
        layer.check(isa, rng);
    });
}

#[test]
fn shuffled() {
    check(131, 60, |rng| {
        let ([channels, height, width], factor) = (any(rng), rng.pick(&[1, 2, 3]));
        match rng.below(3) {
            0 => (Rearrange::PixelShuffle { factor }, [channels * factor * factor, height, width]),
            1 => (Rearrange::PixelUnshuffle { factor }, [channels, height * factor, width * factor]),
            _ => (Rearrange::ChannelShuffle { groups: factor }, [channels * factor, height, width]),
        }
    });
}

#[test]
fn reshaped() {
    check(132, 60, |rng| {
        let [channels, height, width] = any(rng);
        let shapes = [
            Shape::map(height, channels, width),
            Shape::map(1, width, channels * height),
            Shape::map(channels * height * width, 1, 1),
            Shape::Vector(channels * height * width),
            Shape::map(width * height, 1, channels),
        ];
        (Rearrange::Reshape(rng.pick(&shapes)), [channels, height, width])
    });
    check(133, 20, |rng| (Rearrange::Reshape(Shape::map(3, 4, 5)), [60, 1, rng.pick(&[1])]));
}

#[test]
fn parts() {
    check(134, 60, |rng| {
        let [channels, height, width] = any(rng);
        if rng.below(2) == 0 {
            let first = rng.below(channels);
            let end = first + 1 + rng.below(channels - first);
            return (Rearrange::Channels(Interval { first, end }), [channels, height, width]);
        }
        let margins = padding(rng, Size::new((height - 1) / 2, (width - 1) / 2));
        let to = Size::new(1 + rng.below(height), 1 + rng.below(width));
        let crop = rng.pick(&[Crop::Margins(margins), Crop::To(to)]);
        (Rearrange::Crop(crop), [channels, height, width])
    });
}

#[test]
fn padded() {
    check(135, 120, |rng| {
        let [channels, height, width] = any(rng);
        let mode = rng.pick(&[Edge::Zero, Edge::Reflect, Edge::Replicate]);
        let most = if mode == Edge::Reflect { Size::new(height - 1, width - 1) } else { Size::new(3, 4) };
        let value = if mode == Edge::Zero { rng.pick(&[0.0, 2.5]) } else { 0.0 };
        (Rearrange::Pad(Pad::new(padding(rng, most)).mode(mode).value(value)), [channels, height, width])
    });
}

#[test]
fn resized() {
    each_case(136, 250, |isa, rng| {
        let pick = |rng: &mut Rng| rng.pick(&[1, 2, 3, 4, 7, 11]);
        let input = [channels(rng), pick(rng), pick(rng)];
        let size = Size::new(pick(rng), pick(rng));
        let to = rng.pick(&[Extent::To(size), Extent::Times(Size::new(2, 3))]);
        let mode = rng.pick(&[Interpolation::Nearest, Interpolation::Bilinear, Interpolation::Bicubic]);
        let align_corners = mode != Interpolation::Nearest && rng.below(2) == 0;
        let op = Resize::new(to).mode(mode).align_corners(align_corners);
        let layer = Layer {
            op: Op::Resize(op),
            inputs: &[input],
            weight: &[],
            forward: &|inputs| resize(&op, inputs[0]),
            backward: &|inputs, upstream| vec![gradient::resize(&op, inputs[0].shape, upstream)],
            in_place: [false; 2],
            terms: 0.0,
        };
        layer.check(isa, rng);
    });
}

//! The gradients of the inputs of every layer, by the kernels that `input_gradients` names.
//!
//! What a layer says that it does not read is NaN.

mod convolutions;
mod elementwise;
mod merges;
mod moves;
mod pools;

use cnn_net::op::{BatchNorm, Linear, Op, Padding, Pool, Shape, Size, UserLayer};
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::kernels::call::KernelCall;
use cnn_runtime::kernels::gradient::plain::{input_gradients, reads, scratch, upstream_halo};
use cnn_runtime::kernels::plain::Own;
use cnn_runtime::pack::{Affine, Layout, pack_gains, pack_scale_shift, pack_slopes};
use cnn_runtime::place::map::Map;
use cnn_runtime::reference::Tensor;

use super::tensor;
use crate::support::{Arena, Expected, Rng, check, index};

/// A layer with its weights, and the reference.
struct Layer<'a> {
    op: Op,
    /// Channels, height and width of each input.
    inputs: &'a [[usize; 3]],
    weight: &'a [f32],
    forward: &'a dyn Fn(&[&Tensor]) -> Tensor,
    backward: &'a dyn Fn(&[&Tensor], &Tensor) -> Vec<Tensor>,
    /// Whether a gradient may be written where the gradient of the output was, or the input.
    in_place: [bool; 2],
    /// How large the numbers are of which the gradients are sums, if these may be much smaller.
    terms: f64,
}

/// Where the packed weights begin.
const WEIGHTS: usize = 3;

/// How far a gradient may be from the exact one, as a share of the largest.
const TOLERANCE: f64 = 4e-6;

/// Numbers in -2..2; half of the time there are only few different ones, so that maxima are equal and inputs lie at kinks.
fn numbers(rng: &mut Rng) -> impl FnMut(&mut Rng) -> f32 + use<> {
    let few = rng.below(2) == 0;
    move |rng| if few { rng.below(9) as f32 / 2.0 - 2.0 } else { rng.float() * 2.0 }
}

fn size(map: &Map) -> Size {
    Size::new(map.height, map.width)
}

impl Layer<'_> {
    fn check(&self, isa: Isa, rng: &mut Rng) {
        let mut arena = Arena::default();
        let mut number = numbers(rng);
        let map = |arena: &mut Arena, rng: &mut Rng, [channels, height, width]: [usize; 3]| {
            let halo = rng.padding(1);
            arena.map(rng, [height, width, channels], halo)
        };
        let inputs: Vec<_> = self.inputs.iter().map(|shape| map(&mut arena, rng, *shape)).collect();
        inputs.iter().for_each(|map| arena.fill(map, || number(rng)));
        let tensors: Vec<_> = inputs.iter().map(|map| tensor(map, &arena.ws)).collect();
        let tensors: Vec<_> = tensors.iter().collect();
        let result = (self.forward)(&tensors);
        let (channels, Size { height, width }) = (result.shape.channels(), result.shape.size());
        let output = map(&mut arena, rng, [channels, height, width]);
        store(&mut arena, &output, &result);
        let halo = upstream_halo(&self.op, size(&inputs[0]), size(&output));
        let upstream = arena.map(rng, [height, width, channels], halo);
        arena.fill(&upstream, || rng.float());
        let expected = (self.backward)(&tensors, &tensor(&upstream, &arena.ws));
        let reads = reads(&self.op);
        if !reads.inputs {
            inputs.iter().for_each(|map| arena.fill(map, || f32::NAN));
        }
        if !reads.output {
            arena.fill(&output, || f32::NAN);
        }
        let gradients: Vec<Option<Map>> = (0..inputs.len())
            .map(|index| match rng.below(6) {
                0 if inputs.len() > 1 => None,
                1 if self.in_place[0] => Some(upstream),
                2 if self.in_place[1] => Some(inputs[index]),
                _ => Some(map(&mut arena, rng, self.inputs[index])),
            })
            .collect();
        arena.close();
        let own = Own { weights: WEIGHTS, scratch: arena.ws.len() };
        let calls = input_gradients(&self.op, &inputs, output, upstream, &gradients, own);
        let mut calls = calls.iter();
        for (gradient, expected) in gradients.iter().zip(&expected) {
            let Some(gradient) = gradient else { continue };
            if let Some(call) = calls.next() {
                self.check_call(isa, &arena, &**call, gradient, expected);
            } else {
                assert!(*gradient == upstream, "no kernel for {:?}", self.op);
            }
        }
        assert!(calls.next().is_none(), "more kernels than gradients of {:?}", self.op);
    }

    /// A kernel writes a gradient, and nothing else.
    fn check_call(&self, isa: Isa, arena: &Arena, call: &dyn KernelCall, gradient: &Map, expected: &Tensor) {
        let what = format!("{} {:?} by {call:?}", isa.name(), self.op);
        assert!(call.output().is_none_or(|(map, _)| map == *gradient), "{what}: writes another map");
        let weights = call.weights().map(|weights| {
            assert_eq!(weights.offset, WEIGHTS);
            self.packed(weights.layout)
        });
        let weights = weights.unwrap_or_default();
        let scratch = scratch(&self.op, gradient.channels).unwrap_or(0);
        let tolerance = TOLERANCE * expected.data.iter().fold(self.terms, |largest, x| largest.max(x.abs()));
        check(
            isa,
            &what,
            arena,
            gradient,
            |run, ws| {
                let mut all = ws.to_vec();
                all.resize(ws.len() + scratch, f32::NAN);
                call.run(run, &[], &weights, &mut all);
                ws.copy_from_slice(&all[..ws.len()]);
            },
            |y, x, c| Expected { value: expected.at(c, y, x), tolerance },
        );
    }

    /// The layer's weights as a kernel reads them.
    fn packed(&self, layout: Layout) -> Vec<f32> {
        let mut packed = vec![f32::NAN; WEIGHTS + layout.len()];
        let (to, weight) = (&mut packed[WEIGHTS..], |at: usize| self.weight[at]);
        let plain = |_| Affine::IDENTITY;
        match layout {
            Layout::Conv(panels) => panels.pack(weight, plain, to),
            Layout::Depthwise(taps) => taps.pack(weight, plain, to),
            Layout::Transposed(panels) => panels.pack(weight, plain, to),
            Layout::ScaleShift { channels } => {
                pack_scale_shift(channels, |c| Affine { scale: self.weight[c].into(), shift: 0.0 }, to);
            }
            // Shifts are not looked at.
            Layout::Gains { channels, pixels } => {
                pack_gains(channels, pixels, weight, |_| Affine { scale: 1.0, shift: f64::NAN }, to);
            }
            Layout::Slopes { channels, pixels } => pack_slopes(channels, pixels, weight, to),
            other => panic!("no gradient of an input reads {other:?}"),
        }
        packed
    }
}

/// Writes a value to its map.
fn store(arena: &mut Arena, map: &Map, value: &Tensor) {
    for y in 0..map.height {
        for x in 0..map.width {
            for c in 0..map.channels {
                arena.ws[index(map, y, x, c)] = value.at(c, y, x) as f32;
            }
        }
    }
}

/// Channels of a map: fewer than a vector, as many, and more.
fn channels(rng: &mut Rng) -> usize {
    rng.pick(&[1, 3, 6, 8, 16, 17, 31, 70])
}

/// Channels, height and width.
fn any(rng: &mut Rng) -> [usize; 3] {
    [channels(rng), rng.pick(&[1, 2, 5, 9]), rng.pick(&[1, 3, 4, 8])]
}

fn padding(rng: &mut Rng, most: Size) -> Padding {
    let mut edge = |most: usize| rng.below(most + 1);
    Padding { top: edge(most.height), left: edge(most.width), bottom: edge(most.height), right: edge(most.width) }
}

/// Nothing is written for layers whose gradients other kernels compute.
#[test]
fn other_layers_have_no_kernels() {
    let (map, vector) = (Map::dense(0, 2, 2, 4), Map::vector(16, 16));
    for op in [
        Op::BatchNorm(BatchNorm::new(1e-5, 0.1)),
        Op::Dropout { p: 0.5 },
        Op::Linear(Linear::new(16)),
        Op::Custom(UserLayer::new("Layer", Shape::map(4, 2, 2))),
    ] {
        let output = if matches!(op, Op::Linear(_)) { vector } else { map };
        let gradient = Map { offset: 64, ..map };
        let upstream = Map { offset: 32, ..output };
        assert!(input_gradients(&op, &[map], output, upstream, &[Some(gradient)], Own::default()).is_empty(), "{op:?}");
    }
    for op in [Op::MaxPool(Pool::new(Size::square(1), Size::square(1))), Op::Add, Op::Softmax] {
        assert!(input_gradients(&op, &[map], map, map, &[None], Own::default()).is_empty(), "{op:?}");
    }
}

//! Functions and layers by the user.

use cnn_net::op::{Padding, Shape, UserFunction, UserLayer, UserTensor};
use cnn_runtime::kernels::user::{CustomMap, MapEach, custom, map_each};
use cnn_runtime::place::map::Map;

use crate::elementwise::{each_case, in_and_out};
use crate::support::{Arena, Expected, check};

fn exact(value: f64) -> Expected {
    Expected { value, tolerance: 0.0 }
}

#[test]
fn functions() {
    let function = UserFunction::new("f").code(|values| values.iter_mut().for_each(|value| *value = 2.0 - *value));
    each_case(31, 300, |isa, rng| {
        let mut arena = Arena::default();
        let (input, output) = in_and_out(rng, &mut arena);
        arena.close();
        check(
            isa,
            &format!("{} {input:?} {output:?}", isa.name()),
            &arena,
            &output,
            |run, ws| map_each(run, &MapEach { input, output, function }.check(), ws),
            |y, x, c| exact(f64::from(2.0 - arena.get(&input, y, x, c) as f32)),
        );
    });
}

/// Of inputs a and b, tensors k and l: a k + l, where the output is as large as a; what is left over of a b is in scratch memory.
fn forward(inputs: &[f32], tensors: &[f32], scratch: &mut [f32], output: &mut [f32]) {
    assert_eq!((tensors.len(), scratch.len()), (2, 3));
    assert!(output.iter().all(|value| *value == 0.0), "the output is not zero at first");
    scratch.fill(tensors[1]);
    for (to, from) in output.iter_mut().zip(inputs) {
        *to = from * tensors[0] + scratch[0] + inputs[inputs.len() - 1];
    }
}

const TENSORS: &[UserTensor] = &[UserTensor::new("weight", [1]), UserTensor::buffer("shift", [1, 1])];

/// Inputs and outputs are in the order C, H, W, wherever the maps are; scratch memory may hold anything.
#[test]
fn layers() {
    each_case(32, 300, |isa, rng| {
        let mut arena = Arena::default();
        let [height, width, channels] = [rng.below(5) + 1, rng.below(9) + 1, rng.pick(&[1, 2, 7, 16, 33])];
        let (halo, other_halo) = (rng.padding(2), rng.padding(1));
        let (first, second) =
            (arena.map(rng, [height, width, channels], halo), arena.map(rng, [1, 2, 3], Padding::NONE));
        // As many numbers in another shape.
        let output = arena.map(rng, [width, channels, height], other_halo);
        arena.fill(&first, || rng.float());
        arena.fill(&second, || rng.float());
        arena.close();
        let shape = Shape::map(height, width, channels);
        let layer = UserLayer::new("Layer", shape).inputs(2).scratch(3).tensors(TENSORS).code(forward);
        let inputs = [first, second];
        let kernel = CustomMap { inputs: &inputs, output, layer, weights: 1, scratch: arena.ws.len() };
        let floats = CustomMap::scratch_floats(&layer, first.elements() + second.elements());
        check(
            isa,
            &format!("{} {kernel:?}", isa.name()),
            &arena,
            &output,
            |run, ws| {
                let mut all = ws.to_vec();
                all.resize(ws.len() + floats, f32::NAN);
                custom(run, &kernel.check(), &[f32::NAN, 3.0, 0.25], &mut all);
                ws.copy_from_slice(&all[..ws.len()]);
            },
            |y, x, c| {
                let at = (c * output.height + y) * output.width + x;
                let (channel, pixel) = (at / first.pixels(), at % first.pixels());
                let from = arena.get(&first, pixel / width, pixel % width, channel) as f32;
                let last = arena.get(&second, 0, 1, 2) as f32;
                exact(f64::from(from * 3.0 + 0.25 + last))
            },
        );
    });
}

/// What `check` refuses.
fn refused(change: impl FnOnce(&mut CustomMap<'_>)) -> bool {
    let input = [Map::dense(0, 2, 3, 4)];
    let layer = UserLayer::new("Layer", Shape::map(6, 2, 2)).code(|_, _, _, _| {});
    let mut kernel = CustomMap::new(&input, Map::dense(24, 2, 2, 6), layer).scratch(48);
    change(&mut kernel);
    let result = std::panic::catch_unwind(|| kernel.check());
    result.is_err()
}

#[test]
fn layers_that_do_not_fit_are_refused() {
    assert!(!refused(|_| {}));
    assert!(refused(|kernel| kernel.layer.code = None), "no code");
    assert!(refused(|kernel| kernel.layer.inputs = 2), "another number of inputs");
    assert!(refused(|kernel| kernel.layer.output = Shape::map(6, 4, 1)), "another output");
    assert!(refused(|kernel| kernel.scratch = 47), "scratch memory over the output");
    assert!(refused(|kernel| kernel.output.offset = 20), "the output over the input");
    assert!(refused(|kernel| kernel.layer.scratch = usize::MAX), "more scratch memory than there is");
}

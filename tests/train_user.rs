//! Nets that train with functions and layers by the user: the same as with the layers of the language that these imitate.

use cnn::custom::{Backward, Custom, Shape, Tensor};
use cnn::train::Sgd;

fn tanh(x: f32) -> f32 {
    x.tanh()
}

fn tanh_slope(x: f32) -> f32 {
    1.0 - x.tanh() * x.tanh()
}

/// A factor and a summand for each channel, as a convolution of 1x1 in as many groups as channels has. The buffer makes no difference.
struct Affine<const C: usize, const H: usize, const W: usize>;

impl<const C: usize, const H: usize, const W: usize> Custom<1, 3> for Affine<C, H, W> {
    const INPUTS: [Shape; 1] = [Shape::map(C, H, W)];
    const OUTPUT: Shape = Shape::map(C, H, W);
    const TENSORS: [Tensor; 3] =
        [Tensor::new("weight", [C, 1, 1, 1]), Tensor::buffer("unused", [3]), Tensor::new("bias", [C])];

    fn forward([x]: [&[f32]; 1], [weight, _, bias]: [&[f32]; 3], _: &mut [f32], output: &mut [f32]) {
        for (c, (to, x)) in output.chunks_exact_mut(H * W).zip(x.chunks_exact(H * W)).enumerate() {
            to.iter_mut().zip(x).for_each(|(to, x)| *to = weight[c] * x + bias[c]);
        }
    }
}

impl<const C: usize, const H: usize, const W: usize> Backward<1, 3> for Affine<C, H, W> {
    fn backward(
        [x]: [&[f32]; 1],
        [weight, ..]: [&[f32]; 3],
        upstream: &[f32],
        _: &mut [f32],
        [dx]: [&mut [f32]; 1],
        [of_weight, unused, of_bias]: [&mut [f32]; 3],
    ) {
        unused.fill(f32::NAN);
        let maps = dx.chunks_exact_mut(H * W).zip(x.chunks_exact(H * W)).zip(upstream.chunks_exact(H * W));
        for (c, ((dx, x), upstream)) in maps.enumerate() {
            for ((dx, x), upstream) in dx.iter_mut().zip(x).zip(upstream) {
                *dx = weight[c] * upstream;
                of_weight[c] += x * upstream;
                of_bias[c] += upstream;
            }
        }
    }
}

/// The product of two maps, by way of scratch memory.
struct Product<const C: usize, const H: usize, const W: usize>;

impl<const C: usize, const H: usize, const W: usize> Custom<2> for Product<C, H, W> {
    const INPUTS: [Shape; 2] = [Shape::map(C, H, W); 2];
    const OUTPUT: Shape = Shape::map(C, H, W);
    const TENSORS: [Tensor; 0] = [];
    const SCRATCH: usize = 1;

    fn forward([a, b]: [&[f32]; 2], []: [&[f32]; 0], scratch: &mut [f32], output: &mut [f32]) {
        for ((to, a), b) in output.iter_mut().zip(a).zip(b) {
            scratch[0] = *a;
            *to = scratch[0] * b;
        }
    }
}

impl<const C: usize, const H: usize, const W: usize> Backward<2> for Product<C, H, W> {
    fn backward(
        [a, b]: [&[f32]; 2],
        []: [&[f32]; 0],
        upstream: &[f32],
        scratch: &mut [f32],
        [da, db]: [&mut [f32]; 2],
        []: [&mut [f32]; 0],
    ) {
        for (i, upstream) in upstream.iter().enumerate() {
            scratch[0] = *upstream;
            (da[i], db[i]) = (b[i] * scratch[0], a[i] * scratch[0]);
        }
    }
}

/// A layer without gradients.
struct Shift;

impl Custom<1, 1> for Shift {
    const INPUTS: [Shape; 1] = [Shape::map(2, 5, 6)];
    const OUTPUT: Shape = Shape::map(2, 5, 6);
    const TENSORS: [Tensor; 1] = [Tensor::new("by", [1])];

    fn forward([x]: [&[f32]; 1], [by]: [&[f32]; 1], _: &mut [f32], output: &mut [f32]) {
        output.iter_mut().zip(x).for_each(|(to, x)| *to = x + by[0]);
    }
}

cnn::network! {
    #[train(batch = 3)]
    #[algorithm(exact)]
    pub ByUser: 2x5x6 -> 4 {
        first: custom(Affine<2, 5, 6>, 2x5x6, weight = 2x1x1x1, unused = buffer(3), bias = 2);
        a: conv(3, 3x3, pad = 1) -> map(tanh, derivative = tanh_slope);
        affine: custom(Affine<3, 5, 6>, 3x5x6, weight = 3x1x1x1, unused = buffer(3), bias = 3);
        custom(Product<3, 5, 6>, 3x5x6, scratch = 1) {
            b: conv(3, 1x1);
            c: conv(3, 1x1) -> map(tanh, derivative = tanh_slope);
        };
        again affine -> fc: linear(4);
    }

    #[train(batch = 3)]
    #[algorithm(exact)]
    pub BuiltIn: 2x5x6 -> 4 {
        first: conv(2, 1x1, groups = 2);
        a: conv(3, 3x3, pad = 1) -> tanh;
        affine: conv(3, 1x1, groups = 3);
        mul { b: conv(3, 1x1); c: conv(3, 1x1) -> tanh; };
        again affine -> fc: linear(4);
    }

    // Nothing before `fc` needs gradients.
    #[train(batch = 2, only("fc"))]
    pub Frozen: 2x5x6 -> 3 { shift: custom(Shift, 2x5x6, by = 1) -> map(tanh) -> fc: linear(3); }

    // The affine layer stays as it is, but gradients pass through it.
    #[train(batch = 3, except("affine", "first"))]
    #[algorithm(exact)]
    FrozenByUser = ByUser;

    #[train(batch = 3, except("affine", "first"))]
    #[algorithm(exact)]
    FrozenBuiltIn = BuiltIn;
}

fn images<const N: usize, const B: usize>(step: usize) -> [[f32; N]; B] {
    core::array::from_fn(|image| core::array::from_fn(|i| ((i * 37 + image * 11 + step * 5) % 23) as f32 / 11.0 - 1.0))
}

fn near(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1e-3_f32, |scale, x| scale.max(x.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-5 * scale, "{what}: {found}, expected {expected} (largest {scale})");
    }
}

/// Some steps of both nets, from the same tensors: losses, gradients and tensors are near each other.
macro_rules! compare {
    ($user:ident, $user_trainer:ident, $built_in:ident, $built_in_trainer:ident) => {{
        let mut params = $built_in::init(5);
        let mut user = $user::init(5);
        let names: Vec<&str> =
            BuiltIn::GRAPH.nodes.iter().flat_map(|node| node.own_tensors()).map(|t| t.name).collect();
        for name in &names {
            // Factors other than 1.
            let numbers = params.tensor_mut(name).expect(name);
            numbers.iter_mut().enumerate().for_each(|(i, number)| *number += 0.05 * (i % 7) as f32);
            user.tensor_mut(name).expect(name).copy_from_slice(numbers);
        }
        let mut expected = $built_in_trainer::new(params, Sgd::new(0.9));
        let mut found = $user_trainer::new(user, Sgd::new(0.9));
        for step in 0..6 {
            let (images, targets) = (images(step), [step as u32 % 4, 1, 3]);
            let [a, b] = [found.step(&images, &targets, 0.02), expected.step(&images, &targets, 0.02)];
            near("loss", &[a.loss as f32], &[b.loss as f32]);
            for name in &names {
                near(name, found.tensor(name).expect(name), expected.tensor(name).expect(name));
                match (found.grad(name), expected.grad(name)) {
                    (Some(found), Some(expected)) => near(name, found, expected),
                    (found, expected) => assert_eq!(found, expected, "{name}"),
                }
            }
            assert_eq!(found.tensor("affine.unused"), Some(&[0.0; 3][..]));
        }
        (found, expected)
    }};
}

#[test]
fn functions_and_layers_by_the_user_train_as_those_of_the_language() {
    let (found, expected) = compare!(ByUserParams, ByUserTrainer, BuiltInParams, BuiltInTrainer);
    assert!(found.grad("affine.weight").is_some() && found.grad("affine.unused").is_none());
    // What was trained is what the compiled net computes with.
    let (user, built_in) = (found.weights(), expected.weights());
    let image = images::<60, 1>(1)[0];
    near("logits", ByUser::new(&user).forward(&image), BuiltIn::new(&built_in).forward(&image));
}

#[test]
fn gradients_pass_through_layers_that_are_not_trained() {
    let (found, _) = compare!(FrozenByUserParams, FrozenByUserTrainer, FrozenBuiltInParams, FrozenBuiltInTrainer);
    assert!(found.grad("affine.weight").is_none() && found.grad("a.weight").is_some());
}

#[test]
fn what_needs_no_gradients_needs_no_code_for_them() {
    let mut params = FrozenParams::init(1);
    params.tensor_mut("shift.by").expect("a tensor")[0] = 0.25;
    let mut trainer = FrozenTrainer::new(params, Sgd::new(0.0));
    let (images, targets) = (images(0), [0, 2]);
    let before = trainer.step(&images, &targets, 0.1).loss;
    let scores: Vec<f64> = (0..20).map(|_| trainer.step(&images, &targets, 0.1).loss).collect();
    assert!(scores[19] < 0.5 * before, "{before} {scores:?}");
    assert_eq!(trainer.tensor("shift.by"), Some(&[0.25][..]));
}

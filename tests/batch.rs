//! Nets that take several images per pass, against the same nets image by image.

use std::sync::Arc;

use cnn::{Network, Step, network};
use models::seeded;

network! {
    /// LeNet-5.
    pub(crate) One: 1x32x32 -> 10 {
        conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2);
        tap maps;
        conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
        fc1: linear(120) -> tanh;
        fc2: linear(84) -> tanh;
        fc3: linear(10);
        tap logits;
        softmax;
    }

    /// The same, eight images at once.
    #[batch(8)]
    pub(crate) Eight = One;

    /// Layers of several widths in half precision.
    #[store(f16)]
    pub(crate) Stored: 3x5x4 -> 9 {
        wide: linear(75) -> relu;
        tap wide;
        narrow: linear(7, bias = false) -> tanh -> linear(9);
    }

    /// The same, fifteen images at once.
    #[store(f16)]
    #[batch(15)]
    pub(crate) StoredFifteen = Stored;

    block parts(filters) {
        concat {
            conv(filters, 1x1) -> silu;
            down: conv(filters, 3x3, pad = 1, groups = 3) -> batch_norm -> prelu;
            max_pool(3x3, stride = 1, pad = 1);
        };
        add { same: conv(15, 3x3, pad = 1, groups = 15); skip; } -> relu;
        mul { skip; global_avg_pool -> squeeze: conv(15, 1x1) -> sigmoid; };
        lrn -> norm: layer_norm -> maps: instance_norm -> responses: grn -> groups: group_norm(5) -> gate: conv(30, 1x1) -> glu -> gamma: scale;
    }

    /// A layer of nearly each kind, on maps of odd sizes that run across blocks of pixels.
    pub(crate) Mixed: 3x17x13 -> 15x6x5 {
        stem: conv(9, 3x3, pad = 1) -> relu;
        a: parts(3);
        b: conv(15, 3x3, stride = 3, pad = 1) -> gelu;
    }

    /// The same, three images at once.
    #[batch(3)]
    pub(crate) MixedThree = Mixed;

    /// Maps that are large at first, and then so small, with so many weights, that all images are computed together.
    pub(crate) Shrinking: 3x12x9 -> 5 {
        conv(17, 3x3, pad = 1) -> relu;
        tap large;
        conv(96, 3x3, stride = 3, pad = 1) -> relu;
        tap small;
        add { same: conv(96, 3x3, pad = 1) -> tanh; skip; } -> gelu;
        conv(192, 3x3, pad = 1, groups = 3) -> hard_swish;
        mul { skip; global_avg_pool -> weigh: conv(192, 1x1) -> sigmoid; };
        max_pool(2x2, stride = 1) -> lrn;
        linear(9) -> softplus -> linear(5);
    }

    /// The same, five images at once.
    #[batch(5)]
    pub(crate) ShrinkingFive = Shrinking;

    /// Squeeze and excitation between large maps, which are not kept for it, and a layer that takes all images before others that don't.
    pub(crate) Squeezed: 3x20x20 -> { weighed: 12x40x40, scores: 3 } {
        conv(12, 3x3, pad = 1) -> relu;
        tap large;
        mul { skip; { global_avg_pool -> fc1: conv(4, 1x1) -> relu -> fc2: conv(12, 1x1) -> sigmoid; }; };
        keep maps;
        global_avg_pool -> wide: linear(3000) -> relu -> narrow: linear(12) -> tanh;
        keep features;
        linear(3);
        output scores;
        mul { from maps; from features -> reshape(12x1x1); } -> up: conv_transpose(12, 2x2, stride = 2);
        output weighed;
    }

    /// The same, four images at once.
    #[batch(4)]
    pub(crate) SqueezedFour = Squeezed;

    /// A generator.
    pub(crate) Generator: 40 -> 3x16x16 {
        wide: linear(1600) -> relu -> reshape(100x4x4);
        tap small;
        conv_transpose(20, 4x4, stride = 2, pad = 1) -> relu -> conv_transpose(3, 4x4, stride = 2, pad = 1) -> tanh;
    }

    /// The same, six images at once.
    #[batch(6)]
    pub(crate) GeneratorSix = Generator;
}

/// A matrix product sums in another order than a product with a vector, and products of tiles have different tiles.
const TOLERANCE: f32 = 1e-5;

fn assert_close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(0.0_f32, |scale, x| scale.max(x.abs()));
    let error = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(error <= TOLERANCE * scale, "off by {error}, the largest is {scale}");
}

/// Compares outputs and taps of two passes over different images.
fn check<Single: Network, Batched: Network>() {
    let file = seeded::weights(Single::GRAPH, "");
    let single = Arc::new(Single::weights(&file).expect("made for the net"));
    let batched = Arc::new(Batched::weights(&file).expect("made for the net"));
    let (mut single, mut batched) = (Single::new(single), Batched::new(batched));
    let len = Single::GRAPH.input().elements();
    assert_eq!((Single::BATCH, Single::MACS), (1, Batched::MACS));
    for pass in ["first", "second"] {
        let images = seeded::uniform(pass, Batched::BATCH * len);
        let output = batched.run(&images).expect("as long as the input").to_vec();
        for (index, image) in images.chunks_exact(len).enumerate() {
            let expected = single.run(image).expect("as long as the input");
            assert_close(&output[index * expected.len()..][..expected.len()], expected);
            for tap in Single::GRAPH.taps {
                let expected = single.tap(tap.name).expect("the net has it");
                let found = batched.tap(tap.name).expect("the net has it");
                assert_close(&found[index * expected.len()..][..expected.len()], expected);
            }
        }
    }
}

#[test]
fn lenet5() {
    check::<One<'_>, Eight<'_>>();
}

#[test]
fn many_kinds_of_layers() {
    check::<Mixed<'_>, MixedThree<'_>>();
}

#[test]
fn maps_that_shrink() {
    let shared = |step: &&Step<'_>| step.algorithm == "direct" && step.shared;
    assert!(ShrinkingFive::STEPS.iter().filter(shared).count() > 2, "{:?}", ShrinkingFive::STEPS);
    assert!(ShrinkingFive::STEPS.iter().take(3).all(|step| !step.shared));
    check::<Shrinking<'_>, ShrinkingFive<'_>>();
}

#[test]
fn images_one_by_one_after_all_together() {
    let shared = GeneratorSix::STEPS.iter().rposition(|step| step.shared);
    let after = GeneratorSix::STEPS.iter().rposition(|step| step.kernel == "conv_transpose2d");
    assert!(shared.is_some() && shared < after, "{:?}", GeneratorSix::STEPS);
    check::<Generator<'_>, GeneratorSix<'_>>();
    check::<Squeezed<'_>, SqueezedFour<'_>>();
}

#[test]
fn weights_in_half_precision() {
    check::<Stored<'_>, StoredFifteen<'_>>();
}

#[test]
fn images_are_arrays_of_arrays() {
    let weights = EightWeights::from_safetensors(&seeded::weights(Eight::GRAPH, "")).expect("made for the net");
    let mut net = Eight::new(&weights);
    let images = [[0.5; 1024]; Eight::BATCH];
    let [first, .., last]: &[[f32; 10]; 8] = net.forward(&images);
    assert_eq!(first, last);
    assert_eq!(net.tap_logits().len(), 8);
    let why = net.run(&[0.0; 1000]).unwrap_err().to_string();
    assert_eq!(why, "the net reads 1024 numbers for each of up to 8 images, but 1000 were given");
}

//! Compiled training steps against the reference in double precision.

use cnn::graph::{Graph, Node};
use cnn::reference::training::{Mode, Parameters, Targets, Trainer, double, forward};
use cnn::train::{Adam, Criterion, Decay, Loss, Optimiser, Sgd};
use cnn::weights::{Source, read};

cnn::network! {
    #[train(batch = 4)]
    pub LeNet: 1x32x32 -> 10 {
        conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2);
        conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
        fc1: linear(120) -> tanh;
        fc2: linear(84) -> tanh;
        fc3: linear(10) -> softmax;
    }

    block basic(channels, stride = 1) {
        add {
            {
                conv1: conv(channels, 3x3, stride = stride, pad = 1, bias = false) -> bn1: batch_norm -> relu;
                conv2: conv(channels, 3x3, pad = 1, bias = false) -> bn2: batch_norm(affine = false);
            };
            down: conv(channels, 1x1, stride = stride, bias = false);
        } -> relu;
    }

    #[train(batch = 6)]
    pub Residual: 3x9x7 -> 5 {
        stem: conv(8, 3x3, pad = 1, bias = false) -> bn: batch_norm -> relu;
        layer1: basic(8);
        layer2: basic(12, stride = 2);
        slope: prelu(per = tensor) -> gain: scale(per = tensor) -> global_avg_pool -> fc: linear(5);
    }

    #[train(batch = 3, loss = mean_squared)]
    #[batch(2)]
    pub Denoise: 2x6x6 -> 2x6x6 {
        add { a: conv(4, 3x3, stride = 2, pad = 1) -> silu -> b: conv_transpose(2, 2x2, stride = 2); skip; };
    }

    #[train(batch = 2, loss = cross_entropy(smoothing = 0.1))]
    pub Segment: 2x5x6 -> 3x5x6 { a: conv(5, 3x3, pad = 1) -> gelu -> dropout(0.3) -> b: conv(3, 1x1) -> softmax; }

    #[train(batch = 5, loss = binary_cross_entropy, except("a"))]
    pub Events: 7 -> 3 { a: linear(6) -> tanh -> dropout(0.5) -> b: linear(3) -> sigmoid; }

    #[train(batch = 2)]
    pub Pair: { left: 1x4x4, right: 3 } -> 4 {
        from left -> a: conv(2, 3x3) -> relu -> flatten;
        concat { skip; from right -> c: linear(3); } -> dropout(0.25) -> fc: linear(4);
    }
}

cnn::network! {
    #[train(batch = 3, loss(digit = cross_entropy(smoothing = 0.1), mask = cross_entropy, corners = mean_squared(weight = 0.1)))]
    pub Parts: 1x12x13 -> { digit: 10, mask: 2x10x11, corners: 8 } {
        a: conv(6, 3x3, bias = false) -> bn: batch_norm -> relu;
        keep map;
        b: conv(2, 1x1) -> softmax;
        output mask;
        from map -> max_pool(2x2) -> fc: linear(16) -> relu;
        keep features;
        aux helped(weight = 0.3) { fc: linear(8); };
        fc1: linear(10) -> softmax;
        output digit;
        from features -> fc2: linear(8);
        output corners;
    }
}

/// Numbers that look random.
fn numbers(seed: u32, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..count).map(next).collect()
}

fn images<const N: usize, const B: usize>(seed: u32) -> [[f32; N]; B] {
    let all = numbers(seed, N * B);
    core::array::from_fn(|image| core::array::from_fn(|index| all[image * N + index]))
}

#[track_caller]
fn near(what: &str, found: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1e-3_f64, |scale, x| scale.max(x.abs()));
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(*found) - expected).abs();
        assert!(error <= tolerance * scale, "{what}[{index}]: {found}, expected {expected} (largest {scale})");
    }
}

/// The reference, with the tensors of a file.
fn reference<'a, O: Optimiser>(graph: &'a Graph<'a>, file: &[u8], optimiser: O, loss: Loss) -> Trainer<'a, O> {
    let tensors = read(graph, &Source::new(file)).unwrap_or_else(|error| panic!("{error}"));
    Trainer::new(graph, double(&tensors), optimiser, loss).seed(9)
}

/// Some steps of a net, by both: losses and tensors are as close as this.
macro_rules! compare {
    ($steps:literal steps within $near:literal: $net:ident, $params:ident, $trainer:ident, $optimiser:expr, $loss:expr, $frozen:expr, $targets:ident => $of:expr, $all:expr) => {{
        let params = $params::init(3);
        let file = params.to_safetensors();
        let mut trainer = $trainer::new(params, $optimiser).seed(9);
        let mut expected = reference($net::GRAPH, &file, $optimiser, $loss).freezing($frozen);
        for step in 0..$steps {
            let images = images(step);
            let $targets = step;
            let targets = $of;
            let score = trainer.step(&images, &targets, 0.01);
            let batch: Vec<&[f32]> = images.iter().map(|image| &image[..]).collect();
            let flat = $all(&targets);
            let losses = expected.step(&batch, &flat.targets(), 0.01).unwrap_or_else(|error| panic!("{error}"));
            near(&format!("loss of step {step}"), &[score.loss as f32], &[losses.loss], $near);
            // Later, rounding may decide which of two logits is the larger.
            assert!(score.hits == losses.hits || step >= 10, "step {step}: {} {}", score.hits, losses.hits);
        }
        check_tensors(&expected.parameters, |name| trainer.tensor(name).map(<[f32]>::to_vec), $near);
        trainer
    }};
}

/// Targets of a minibatch, one after another.
enum Flat {
    Classes(Vec<u32>),
    Numbers(Vec<f32>),
}

impl Flat {
    fn targets(&self) -> Targets<'_> {
        match self {
            Self::Classes(classes) => Targets::Classes(classes),
            Self::Numbers(numbers) => Targets::Numbers(numbers),
        }
    }
}

fn check_tensors(expected: &Parameters, found: impl Fn(&str) -> Option<Vec<f32>>, tolerance: f64) {
    for (name, expected) in expected {
        near(name, &found(name).unwrap_or_else(|| panic!("{name} is missing")), expected, tolerance);
    }
}

fn none(_: &Node<'_>) -> bool {
    false
}

fn classes<const B: usize>(step: u32, count: u32) -> [u32; B] {
    core::array::from_fn(|image| (image as u32 * 3 + step) % count)
}

#[test]
fn lenet_follows_the_reference() {
    let trainer = compare!(100 steps within 1e-3: LeNet, LeNetParams, LeNetTrainer, Sgd::new(0.9).weight_decay(1e-3), Loss::CROSS_ENTROPY, none,
        step => classes::<4>(step, 10), |all: &[u32; 4]| Flat::Classes(all.to_vec()));
    // The weights are those that the file has.
    let weights = trainer.weights();
    let loaded = LeNetWeights::from_safetensors(&trainer.to_safetensors()).unwrap_or_else(|error| panic!("{error}"));
    let [image] = images::<1024, 1>(77);
    assert_eq!(LeNet::new(&weights).forward(&image), LeNet::new(&loaded).forward(&image));
}

#[test]
fn a_residual_net_follows_the_reference() {
    let sgd = Sgd::new(0.9).weight_decay(1e-3).decaying(Decay::Weights);
    let mut trainer = compare!(100 steps within 1e-3: Residual, ResidualParams, ResidualTrainer, sgd, Loss::CROSS_ENTROPY, none,
        step => classes::<6>(step, 5), |all: &[u32; 6]| Flat::Classes(all.to_vec()));
    // Evaluation is inference: with running statistics, of any number of images.
    let weights = trainer.weights();
    let mut net = Residual::new(&weights);
    let some = images::<189, 8>(5);
    let targets = classes::<8>(1, 5);
    let score = trainer.evaluate(&some, &targets);
    let losses = some.iter().zip(targets).map(|(image, target)| {
        let logits = net.forward(image);
        let largest = logits.iter().copied().fold(f32::MIN, f32::max);
        let sum: f32 = logits.iter().map(|x| (x - largest).exp()).sum();
        f64::from(sum.ln() + largest - logits[target as usize])
    });
    let mean = losses.sum::<f64>() / 8.0;
    assert!((mean - score.loss).abs() < 1e-5 * mean, "{mean} {}", score.loss);
}

#[test]
fn numbers_follow_the_reference() {
    compare!(10 steps within 1e-4: Denoise, DenoiseParams, DenoiseTrainer, Sgd::new(0.5).nesterov(), Loss::MeanSquared, none,
        step => images::<72, 3>(step + 100), |all: &[[f32; 72]; 3]| Flat::Numbers(all.as_flattened().to_vec()));
}

#[test]
fn pixels_follow_the_reference() {
    let loss = Loss::CrossEntropy { smoothing: 0.1 };
    compare!(10 steps within 1e-4: Segment, SegmentParams, SegmentTrainer, Sgd::new(0.9), loss, none,
        step => core::array::from_fn(|image| core::array::from_fn(|pixel| (image as u32 + pixel as u32 * step) % 3)),
        |all: &[[u32; 30]; 2]| Flat::Classes(all.as_flattened().to_vec()));
}

#[test]
fn frozen_layers_stay() {
    let adam = Adam::DEFAULT.weight_decay(0.01).decaying(Decay::Weights);
    let trainer = compare!(10 steps within 1e-4: Events, EventsParams, EventsTrainer, adam, Loss::BinaryCrossEntropy, |node| node.name == "a",
        step => images::<3, 5>(step + 7).map(|target| target.map(|x| if x > 0.0 { 1.0 } else { 0.0 })),
        |all: &[[f32; 3]; 5]| Flat::Numbers(all.as_flattened().to_vec()));
    assert_eq!(trainer.tensor("a.weight"), EventsParams::init(3).tensor("a.weight"));
    assert!(trainer.grad("a.weight").is_none() && trainer.grad("b.weight").is_some());
}

#[test]
fn several_inputs_follow_the_reference() {
    compare!(10 steps within 1e-4: Pair, PairParams, PairTrainer, Sgd::new(0.0), Loss::CROSS_ENTROPY, none,
        step => classes::<2>(step, 4), |all: &[u32; 2]| Flat::Classes(all.to_vec()));
}

#[test]
fn training_goes_on_from_a_checkpoint() {
    let some = images::<189, 6>(1);
    let targets = classes::<6>(2, 5);
    let mut trainer = ResidualTrainer::new(ResidualParams::init(1), Adam::DEFAULT);
    for _ in 0..3 {
        trainer.step(&some, &targets, 0.01);
    }
    let checkpoint = trainer.checkpoint();
    let mut other = ResidualTrainer::new(ResidualParams::init(2), Adam::DEFAULT);
    other.resume(&checkpoint).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(other.steps(), 3);
    for _ in 0..2 {
        assert_eq!(trainer.step(&some, &targets, 0.01), other.step(&some, &targets, 0.01));
    }
    assert_eq!(trainer.to_safetensors(), other.to_safetensors());
    // Of another optimiser, or weights alone: nothing changes.
    let before = other.to_safetensors();
    let mut sgd = ResidualTrainer::new(ResidualParams::init(2), Sgd::new(0.9));
    assert!(sgd.resume(&checkpoint).is_err());
    assert!(other.resume(&trainer.to_safetensors()).is_err());
    assert!(other.resume(&checkpoint[..100]).is_err());
    assert_eq!(other.to_safetensors(), before);
}

#[cfg(feature = "std")]
#[test]
fn threads_change_no_bit() {
    let some = images::<189, 6>(1);
    let targets = classes::<6>(2, 5);
    let train = |threads: usize| {
        let mut trainer = ResidualTrainer::new(ResidualParams::init(1), Sgd::new(0.9));
        if threads > 1 {
            trainer = trainer.with_pool(std::sync::Arc::new(cnn::Pool::new(threads)));
        }
        for _ in 0..3 {
            trainer.step(&some, &targets, 0.01);
        }
        trainer.to_safetensors()
    };
    let alone = train(1);
    assert_eq!(alone, train(2));
    assert_eq!(alone, train(3));
}

fn parts<const B: usize>(step: u32) -> [PartsTarget; B] {
    let (digits, corners) = (classes::<B>(step, 10), images::<8, B>(step + 5));
    core::array::from_fn(|image| PartsTarget {
        digit: digits[image],
        mask: core::array::from_fn(|pixel| (pixel as u32 + step) % 2),
        corners: corners[image],
    })
}

#[test]
fn several_outputs_have_a_loss_each() {
    let (some, targets) = (images::<156, 3>(1), parts::<3>(2));
    let mut trainer = PartsTrainer::new(PartsParams::init(3), Sgd::new(0.9));
    let file = trainer.to_safetensors();
    let score = trainer.gradients(&some, &targets);

    let parameters = double(&read(Parts::GRAPH, &Source::new(&file)).unwrap_or_else(|error| panic!("{error}")));
    let batch: Vec<&[f32]> = some.iter().map(|image| &image[..]).collect();
    let mode = Mode { seed: 0, step: 0, frozen: &none };
    let pass = forward(Parts::GRAPH, &parameters, &batch, mode).expect("a pass");
    let digits: Vec<u32> = targets.iter().map(|target| target.digit).collect();
    let masks: Vec<u32> = targets.iter().flat_map(|target| target.mask).collect();
    let corners: Vec<f32> = targets.iter().flat_map(|target| target.corners).collect();
    let smoothed = Loss::CrossEntropy { smoothing: 0.1 };
    let criteria = [
        (smoothed.into(), Targets::Classes(&digits)),
        (Loss::CROSS_ENTROPY.into(), Targets::Classes(&masks)),
        (Criterion { loss: Loss::MeanSquared, weight: 0.1 }, Targets::Numbers(&corners)),
    ];
    let losses = pass.losses(&criteria).unwrap_or_else(|error| panic!("{error}"));
    near("loss", &[score.loss as f32], &[losses.loss], 1e-6);
    assert_eq!(score.hits, losses.hits);
    let gradients = pass.backward(&losses.gradients).expect("gradients");
    check_tensors(&gradients.parameters, |name| trainer.grad(name).map(<[f32]>::to_vec), 1e-5);

    // Of the outputs, and of the auxiliary classifier.
    let [digit, mask, corner, helped] = trainer.scores() else { panic!("{} scores", trainer.scores().len()) };
    assert_eq!(digit.hits + mask.hits, score.hits);
    assert!((digit.loss + mask.loss + corner.loss + helped.loss - score.loss).abs() < 1e-12);
    assert!(helped.loss > 0.0 && corner.hits == 0);
}

#[test]
fn several_outputs_learn_and_are_predicted() {
    let (some, targets) = (images::<156, 3>(1), parts::<3>(2));
    let mut trainer = PartsTrainer::new(PartsParams::init(3), Sgd::new(0.9));
    let first = trainer.step(&some, &targets, 0.05).loss;
    let last = (0..60).map(|_| trainer.step(&some, &targets, 0.05).loss).last().expect("a step");
    assert!(last < 0.6 * first, "{first} {last}");

    let (some, targets) = (images::<156, 5>(1), parts::<5>(2));
    let all = trainer.evaluate(&some, &targets);
    let means = [0, 1, 2].map(|output| trainer.scores()[output].loss);
    let one_by_one = some.iter().zip(&targets).map(|(image, target)| {
        let score = trainer.evaluate(&[*image], &[*target]);
        (score, [0, 1, 2].map(|output| trainer.scores()[output].loss))
    });
    let one_by_one: Vec<_> = one_by_one.collect();
    assert_eq!(one_by_one.iter().map(|(score, _)| score.hits).sum::<usize>(), all.hits);
    for output in 0..3 {
        let mean = one_by_one.iter().map(|(_, losses)| losses[output]).sum::<f64>() / 5.0;
        assert!((mean - means[output]).abs() < 1e-6, "{mean} {}", means[output]);
    }

    let weights: PartsWeights = trainer.weights();
    let mut net = Parts::new(&weights);
    for image in &some {
        let expected = net.forward(image);
        let found = PartsOutputs::from(trainer.predict(image));
        for (name, found, expected) in [
            ("digit", &found.digit[..], &expected.digit[..]),
            ("mask", &found.mask[..], &expected.mask[..]),
            ("corners", &found.corners[..], &expected.corners[..]),
        ] {
            near(name, found, &expected.iter().map(|x| f64::from(*x)).collect::<Vec<_>>(), 1e-4);
        }
    }
}

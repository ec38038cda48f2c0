//! Trainers in memory of the caller: they have the bits of those on the heap, and nothing allocates, their construction included.

use std::fmt::Debug;
use std::fs;

use allocation_counter::measure;
use cnn::custom::{Custom, Shape, Tensor};
use cnn::step::Score;
use cnn::train::{Adam, AdamW, Decay, Init, Optimiser, Sgd};
use models::seeded;

cnn::network! {
    block lenet {
        conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2);
        conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
        fc1: linear(120) -> tanh;
        fc2: linear(84) -> tanh;
        fc3: linear(10) -> softmax;
    }

    #[weights("models/weights/lenet5.safetensors")]
    #[train(batch = 3, only("fc3"))]
    Last: 1x32x32 -> 10 { ..lenet(); }

    #[weights("models/weights/lenet5.safetensors")]
    #[train(batch = 2, only("fc2", "fc3"))]
    LastTwo = Last;

    // Gradients pass through a layer that is frozen.
    #[weights("models/weights/lenet5.safetensors")]
    #[train(batch = 2, except("conv1", "fc2"))]
    Middle = Last;

    #[weights("models/weights/lenet5.safetensors")]
    #[train(batch = 2)]
    Whole = Last;

    block residual(channels) {
        add {
            { conv1: conv(channels, 3x3, pad = 1, bias = false) -> bn1: batch_norm -> relu -> conv2: conv(channels, 3x3, pad = 1); };
            skip;
        } -> relu;
    }

    #[train(batch = 4, loss = cross_entropy(smoothing = 0.1))]
    Normalised: 2x9x7 -> 5 {
        stem: conv(6, 3x3, bias = false) -> bn: batch_norm -> relu;
        aux head(weight = 0.3) { global_avg_pool -> fc: linear(5) -> softmax; };
        body: residual(6);
        dropout(0.3) -> max_pool(2x2) -> fc: linear(5) -> log_softmax;
    }

    #[train(batch = 3, loss = binary_cross_entropy)]
    Pixels: 2x5x6 -> 3x5x6 { a: conv(5, 3x3, pad = 1) -> gelu -> dropout(0.2) -> b: conv(3, 1x1) -> sigmoid; }

    #[train(batch = 1, loss = mean_squared)]
    Unit: 4 -> 1 { fc: linear(1) -> step; }

    // Every kind of frozen layer: with a normalisation folded in or not, by Winograd's algorithm, shared, with factors, by the user.
    #[weights("tests/data/trunk.safetensors")]
    #[train(batch = 3, only("fc", "late"))]
    Frozen: { image: 3x14x14, more: 5 } -> 4 {
        from image -> tint: custom(Tint, 3x14x14, gain = 3, lift = 1) -> conv1: conv(8, 3x3, pad = 1, bias = false) -> bn1: batch_norm -> relu;
        bn2: batch_norm -> wide: conv(16, 3x3, pad = 1) -> slope: prelu -> gain: scale;
        twice: conv(16, 3x3, pad = 1) -> again twice -> norm: layer_norm(over = channels);
        depth: conv(16, 3x3, groups = 16) -> up: conv_transpose(4, 2x2, stride = 2) -> max_pool(2x2);
        late: conv(4, 1x1) -> held: conv(4, 1x1) -> relu -> flatten;
        concat { skip; from more -> side: linear(3); } -> fc: linear(4);
    }
}

/// Each channel times a number, and another number added to all.
struct Tint;

impl Custom<1, 2> for Tint {
    const INPUTS: [Shape; 1] = [Shape::map(3, 14, 14)];
    const OUTPUT: Shape = Shape::map(3, 14, 14);
    const TENSORS: [Tensor; 2] = [Tensor::new("gain", [3]), Tensor::new("lift", [1])];

    fn forward([input]: [&[f32]; 1], [gain, lift]: [&[f32]; 2], _: &mut [f32], output: &mut [f32]) {
        for (index, (to, from)) in output.iter_mut().zip(input).enumerate() {
            *to = gain[index / 196] * from + lift[0];
        }
    }
}

const STEPS: usize = 4;

/// Some images.
fn images<const N: usize, const B: usize>(step: usize) -> [[f32; N]; B] {
    core::array::from_fn(|image| seeded::uniform(&format!("{step} {image}"), N).try_into().expect("as many"))
}

/// The bits of scores, of all tensors and states, and of an output.
macro_rules! bits {
    ($trainer:ident, $scores:ident, $image:expr) => {{
        let mut bits: Vec<u64> =
            $scores.iter().flat_map(|score: &Score| [score.loss.to_bits(), score.hits as u64]).collect();
        let tensors = $trainer.tensors().flat_map(|(_, numbers)| numbers.to_vec()).chain($trainer.states().to_vec());
        bits.extend(tensors.map(|number| u64::from(number.to_bits())));
        bits.extend($trainer.predict($image).iter().map(|output| u64::from(output.to_bits())));
        bits
    }};
}

/// Some steps, an evaluation, and a prediction.
macro_rules! work {
    ($trainer:ident, $batches:expr, $targets:expr, $scores:expr) => {{
        for (images, score) in $batches.iter().zip(&mut $scores) {
            *score = $trainer.step(images, &$targets, 0.05);
        }
        $scores[STEPS] = $trainer.evaluate(&$batches[0][..1], &$targets[..1]);
        assert!($trainer.predict(&$batches[0][0]).iter().all(|output| output.is_finite()));
    }};
}

/// Trains on the heap, and twice in memory of the caller, the second time in memory that holds something. Gives the trainer on the heap.
macro_rules! compare {
    ($optimiser:expr, $target:expr, $trainer:ident, $memory:ident, $params:expr, $start:expr) => {{
        const BATCH: usize = $trainer::<Sgd>::BATCH;
        let batches: Vec<[_; BATCH]> = (0..STEPS).map(images).collect();
        let targets: [_; BATCH] = core::array::from_fn($target);
        let mut heap = $trainer::new($params, $optimiser).seed(7).clip(1.5);
        let mut scores = [Score::default(); STEPS + 1];
        work!(heap, batches, targets, scores);
        let expected = bits!(heap, scores, &batches[0][0]);

        let mut memory = $memory::boxed();
        for _ in 0..2 {
            let mut kept = None;
            let allocated = measure(|| {
                let mut trainer = $start(&mut *memory, $optimiser).seed(7).clip(1.5);
                work!(trainer, batches, targets, scores);
                kept = Some(trainer);
            });
            assert_eq!(allocated.count_total, 0, "{heap:?}");
            let mut trainer = kept.expect("it was made");
            assert!(bits!(trainer, scores, &batches[0][0]) == expected, "{heap:?}");
        }
        heap
    }};
}

/// The same for a net with the weights of LeNet-5 in the binary.
macro_rules! compare_lenet5 {
    ($optimiser:expr, $trainer:ident, $memory:ident, $params:ident) => {
        let file = fs::read("models/weights/lenet5.safetensors").expect("the weights are there");
        let params = $params::from_safetensors(&file).expect("its weights");
        let target = |image: usize| 3 * image as u32 + 1;
        compare!($optimiser, target, $trainer, $memory, params, $trainer::embedded_in);
    };
}

fn all_nets<O: Optimiser + Copy + Debug>(optimiser: O) {
    compare_lenet5!(optimiser, LastTrainer, LastTrainerMemory, LastParams);
    compare_lenet5!(optimiser, LastTwoTrainer, LastTwoTrainerMemory, LastTwoParams);
    compare_lenet5!(optimiser, MiddleTrainer, MiddleTrainerMemory, MiddleParams);
    compare_lenet5!(optimiser, WholeTrainer, WholeTrainerMemory, WholeParams);
    let class = |image: usize| image as u32 % 5;
    compare!(
        optimiser,
        class,
        NormalisedTrainer,
        NormalisedTrainerMemory,
        NormalisedParams::init(3),
        |to, optimiser| { NormalisedTrainer::init_in(to, optimiser, 3) }
    );
    let pixels = |image: usize| core::array::from_fn(|pixel| ((pixel + image) % 3) as f32 / 2.0);
    compare!(optimiser, pixels, PixelsTrainer, PixelsTrainerMemory, PixelsParams::init(4), |to, optimiser| {
        PixelsTrainer::init_in(to, optimiser, 4)
    });
    compare!(optimiser, |_| [1.0], UnitTrainer, UnitTrainerMemory, UnitParams::init(5), |to, optimiser| {
        UnitTrainer::init_in(to, optimiser, 5)
    });
}

#[test]
fn steps_in_place_have_the_same_bits_and_allocate_nothing() {
    // What is asked only once: the instruction set.
    let _ = UnitTrainer::new(UnitParams::init(1), Sgd::new(0.0)).predict(&[0.0; 4]);
    all_nets(Sgd::new(0.9).nesterov().weight_decay(1e-3).decaying(Decay::Weights));
    all_nets(Adam::DEFAULT);
    all_nets(AdamW::DEFAULT);
}

/// Numbers are as close as rounding allows.
#[track_caller]
fn assert_near(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(1e-3_f32, |most, x| most.max(x.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= tolerance * scale, "{found}, expected {expected} (largest {scale})");
    }
}

#[test]
fn frozen_layers_in_the_binary_are_those_of_the_file() {
    let path = "tests/data/trunk.safetensors";
    let file = seeded::weights(Frozen::GRAPH, "");
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, &file).expect("the file can be written");
    }
    assert!(fs::read(path).is_ok_and(|found| found == file), "BLESS=1 writes {path}");
    let mut heap = FrozenTrainer::new(FrozenParams::from_safetensors(&file).expect("its weights"), Sgd::new(0.9));
    let mut memory = FrozenTrainerMemory::boxed();
    let mut embedded = FrozenTrainer::embedded_in(&mut *memory, Sgd::new(0.9));
    let targets = [2, 0, 3];
    for step in 0..STEPS {
        let images: [_; 3] = images(step);
        // Packed by other kernels, whose products are rounded in another way.
        let [found, expected] = [embedded.step(&images, &targets, 0.02).loss, heap.step(&images, &targets, 0.02).loss];
        assert!((found - expected).abs() < 1e-5 * expected.abs(), "{found}, expected {expected}");
        assert_near(embedded.predict(&images[1]), heap.predict(&images[1]), 1e-4);
    }
    let weights = heap.weights();
    let mut net = Frozen::new(&weights);
    let [image]: [[f32; 593]; 1] = images(9);
    let (picture, more) = image.split_at(588);
    let output = net.forward(picture.try_into().expect("as many"), more.try_into().expect("as many"));
    assert_near(heap.predict(&image), output, 1e-5);
    for name in ["late.weight", "held.weight", "fc.weight", "fc.bias"] {
        let [found, expected] = [embedded.tensor(name), heap.tensor(name)].map(|numbers| numbers.expect("it is there"));
        assert_near(found, expected, 1e-4);
    }
    // They are in the binary, packed: neither read nor set.
    let frozen = ["tint.lift", "conv1.weight", "bn2.running_mean", "twice.bias", "up.weight", "side.weight"];
    assert!(frozen.iter().all(|name| embedded.tensor(name).is_none() && embedded.tensor_mut(name).is_none()));
    assert!(frozen.iter().all(|name| heap.tensor(name).is_some() && heap.tensor_mut(name).is_none()));
    assert_eq!(
        embedded.tensors().map(|(name, _)| name).collect::<Vec<_>>(),
        ["late.weight", "late.bias", "held.weight", "held.bias", "fc.weight", "fc.bias"]
    );
}

#[test]
fn a_prediction_is_the_output_of_the_net() {
    macro_rules! check {
        ($net:ident, $params:ident, $trainer:ident, $memory:ident, $target:expr) => {
            let mut memory = $memory::boxed();
            let mut trainer = $trainer::init_in(&mut *memory, Sgd::new(0.9), 2);
            let images: [_; $trainer::<Sgd>::BATCH] = images(1);
            let targets = [$target; $trainer::<Sgd>::BATCH];
            for _ in 0..3 {
                trainer.step(&images, &targets, 0.1);
            }
            let mut params = $params::init(0);
            for (name, numbers) in trainer.tensors() {
                params.tensor_mut(name).expect("it has the same").copy_from_slice(numbers);
            }
            let weights = params.weights();
            let mut net = $net::new(&weights);
            for image in &images {
                assert_near(trainer.predict(image), net.forward(image), 1e-5);
            }
        };
    }
    check!(Normalised, NormalisedParams, NormalisedTrainer, NormalisedTrainerMemory, 1);
    check!(Pixels, PixelsParams, PixelsTrainer, PixelsTrainerMemory, [0.5; 90]);
    check!(Unit, UnitParams, UnitTrainer, UnitTrainerMemory, [1.0]);
}

#[test]
fn training_goes_on_from_tensors_and_states() {
    let (images, targets): ([_; 4], _) = (images(1), [0, 1, 2, 3]);
    let mut memory = NormalisedTrainerMemory::<Adam>::boxed();
    let mut first = NormalisedTrainer::init_in(&mut *memory, Adam::DEFAULT, 2);
    for _ in 0..3 {
        first.step(&images, &targets, 0.01);
    }
    let mut other = NormalisedTrainerMemory::<Adam>::boxed();
    let mut second = NormalisedTrainer::init_in(&mut *other, Adam::DEFAULT, 5);
    for (name, numbers) in first.tensors() {
        second.tensor_mut(name).expect("it has the same").copy_from_slice(numbers);
    }
    second.states_mut().copy_from_slice(first.states());
    let mut second = second.resumed_at(first.steps());
    let [first_score, second_score] = [first.step(&images, &targets, 0.01), second.step(&images, &targets, 0.01)];
    assert_eq!((first_score, first.steps()), (second_score, second.steps()));
    assert!(first.tensors().eq(second.tensors()) && first.states() == second.states());
}

#[test]
fn only_the_layers_that_are_trained_are_redrawn() {
    let mut memory = MiddleTrainerMemory::<Sgd>::boxed();
    let trainer = MiddleTrainer::embedded_in(&mut *memory, Sgd::new(0.0));
    let before: Vec<Vec<f32>> = trainer.tensors().map(|(_, numbers)| numbers.to_vec()).collect();
    let trainer = trainer.redrawn(Init::HeNormal, 3);
    let fresh = MiddleParams::init_with(Init::HeNormal, 3);
    for ((name, now), before) in trainer.tensors().zip(&before) {
        let expected = if name.starts_with("fc2") { before } else { fresh.tensor(name).expect("it has the same") };
        assert_eq!(now, expected, "{name}");
    }
}

#[test]
fn memory_is_what_changes() {
    // A gradient and a momentum for each of the 850 numbers of the last layer, and no other tensor.
    let [all, step, trunk] =
        [LastTrainer::<Sgd>::MEMORY_BYTES, LastTrainer::<Sgd>::TRAIN_BYTES, LastTrainer::<Sgd>::TRUNK_BYTES];
    assert_eq!(all, size_of::<LastTrainerMemory>());
    assert!((step + 4 * 850..step + 4 * 850 + 64).contains(&all), "{all}");
    assert!(trunk > 4 * 60_000 && trunk < 4 * 66_000, "{trunk}");
    assert!(step < 100_000, "{step}");
    assert_eq!(LastTrainer::<Adam>::MEMORY_BYTES - all, 4 * 850 / 64 * 64);
    assert_eq!(WholeTrainer::<Sgd>::TRUNK_BYTES, 0);
}

//! Inputs and outputs with names: `forward` takes and returns what slices and traits have one after another.

use cnn::{DynNetwork, Network, network};
use models::seeded;

network! {
    /// A Siamese net: the same features of two pictures, side by side.
    pub Pair: { left: 1x8x8, right: 1x8x8 } -> { same: 2, left_features: 5 } {
        from left;
        tower: { conv(4, 3x3, stride = 2) -> relu -> flatten -> linear(5); };
        output left_features;
        concat { skip; from right -> again tower; } -> fc: linear(2);
        output same;
    }

    #[batch(4)]
    pub PairBatch = Pair;

    #[batch(2)]
    pub Mean: { a: 3, b: 3 } -> 3 { add { from a; from b; } -> scale(0.5); }

    #[batch(2)]
    pub Split: 4 -> { low: 2, high: 2 } { output low { channels(0..2); }; output high { channels(2..4); }; }
}

fn pictures(count: usize) -> Vec<f32> {
    seeded::uniform("pictures", count * Pair::INPUT_LEN)
}

fn pair(weights: &PairWeights, both: &[f32]) -> ([f32; 2], [f32; 5]) {
    let mut net = Pair::new(weights);
    let (left, right) = both.split_at(64);
    let outputs = net.forward(left.try_into().expect("64 pixels"), right.try_into().expect("64 pixels"));
    (*outputs.same, *outputs.left_features)
}

fn weights() -> PairWeights {
    PairWeights::from_safetensors(&seeded::weights(Pair::GRAPH, "")).expect("made for the net")
}

#[test]
fn names_are_parts_of_what_slices_hold() {
    let (weights, both) = (weights(), pictures(1));
    let (same, features) = pair(&weights, &both);
    let mut net = Pair::new(&weights);
    assert_eq!(net.run(&both).expect("an image"), [&same[..], &features[..]].concat());
    let array: &[f32; 128] = both[..].try_into().expect("two pictures");
    let inputs = PairInputs::from(array);
    assert_eq!(inputs.left[..], both[..64]);
    assert_eq!(inputs.right[..], both[64..]);
    let outputs: &[f32; 7] = net.run(&both).expect("an image").try_into().expect("two outputs");
    assert_eq!(PairOutputs::from(outputs), PairOutputs { same: &same, left_features: &features });
    let mut workspace = PairWorkspace::new();
    assert_eq!(Pair::forward_in(&weights, &mut workspace, array), outputs);
    assert!(net.run(&both[1..]).is_err());
}

#[test]
fn traits_know_no_names() {
    fn run<N: Network>(net: &mut N, input: &[f32]) -> Vec<f32> {
        use cnn::Numbers as _;
        let input = N::Input::of(input).expect("as long as the inputs");
        net.forward(input).floats().to_vec()
    }
    let (weights, both) = (Box::leak(Box::new(weights())), pictures(1));
    let (same, features) = pair(weights, &both);
    assert_eq!(run(&mut Pair::new(&*weights), &both), [&same[..], &features[..]].concat());
    assert_eq!(Pair::INPUT.to_string(), "128");
    assert_eq!(<Pair<'_> as Network>::OUTPUT.to_string(), "7");
    assert_eq!((Pair::INPUT_LEN, Pair::OUTPUT_LEN), (128, 7));
    let net: Box<dyn DynNetwork> = Box::new(Pair::new(&*weights));
    assert_eq!((net.input_len(), net.output_len()), (128, 7));
}

#[test]
fn a_batch_is_an_array_of_images() {
    let (weights, all) = (weights(), pictures(4));
    let images: Vec<&[f32]> = all.chunks(128).collect();
    let inputs: [PairBatchInputs<'_>; 4] = std::array::from_fn(|image| {
        PairBatchInputs::from(<&[f32; 128]>::try_from(images[image]).expect("two pictures"))
    });
    let expected: Vec<_> = images.iter().map(|image| pair(&weights, image)).collect();
    let mut net = PairBatch::new(&weights);
    let is_near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
    for (outputs, (same, features)) in net.forward(&inputs).iter().zip(&expected) {
        assert!(is_near(outputs.same, same) && is_near(outputs.left_features, features));
    }
    let written = net.run(&all).expect("four images").to_vec();
    for count in 1..=4 {
        let some = net.forward_partial(&inputs[..count]).expect("some images");
        assert_eq!(some.len(), count);
        for (outputs, written) in some.zip(written.chunks(7)) {
            assert!(is_near(outputs.same, &written[..2]) && is_near(outputs.left_features, &written[2..]));
        }
        let some = net.run(&all[..count * 128]).expect("some images");
        assert!(some.len() == count * 7 && is_near(some, &written));
    }
    // The images need not live as long as what is computed.
    let some = net.forward_partial(&[inputs[1]; 2]).expect("some images");
    assert!(some.into_iter().all(|outputs| is_near(outputs.same, &written[7..9])));
    assert_eq!(
        net.forward_partial(&[]).err().map(|error| error.to_string()).as_deref(),
        Some("the net reads 128 numbers for each of up to 4 images, but 0 were given")
    );
    assert!(net.forward_partial(&[inputs[0]; 5]).is_err());
}

#[test]
fn only_one_side_may_have_names() {
    let file = seeded::weights(Mean::GRAPH, "");
    let weights = MeanWeights::from_safetensors(&file).expect("no tensors");
    let image = |a: f32| ([a; 3], [3.0; 3]);
    let ((a, b), (c, d)) = (image(1.0), image(5.0));
    let images = [MeanInputs { a: &a, b: &b }, MeanInputs { a: &c, b: &d }];
    assert_eq!(Mean::new(&weights).forward(&images), &[[2.0; 3], [4.0; 3]]);
    let weights = SplitWeights::from_safetensors(&seeded::weights(Split::GRAPH, "")).expect("no tensors");
    let mut net = Split::new(&weights);
    let [first, second] = net.forward(&[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]);
    assert_eq!((first.low, first.high), (&[1.0, 2.0], &[3.0, 4.0]));
    assert_eq!((second.low, second.high), (&[5.0, 6.0], &[7.0, 8.0]));
}

#[test]
fn weights_that_are_shared_count_once() {
    let convolution = 4 * 9 + 4;
    let linear = 36 * 5 + 5;
    assert_eq!(Pair::PARAMETERS, convolution + linear + 10 * 2 + 2);
    assert_eq!(Pair::MACS, 2 * (4 * 9 * 9 + 36 * 5) + 20);
    let shared = Pair::GRAPH.nodes.iter().filter(|node| node.again.is_some());
    assert_eq!(shared.map(|node| node.name).collect::<Vec<_>>(), ["tower.0", "tower.1", "tower.2", "tower.3"]);
}

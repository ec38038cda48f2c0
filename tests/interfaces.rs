//! Nets in the programs that people write: generic functions, servers, structs, workspaces in any place, batches of any size.

use std::error::Error;
use std::sync::{Arc, Mutex, RwLock, mpsc};
use std::thread;

use cnn::op::Shape;
use cnn::{DynNetwork, Network, Numbers, Pool, Side, network};
use models::seeded;

network! {
    pub(crate) Small: 1x8x8 -> 3 {
        conv: conv(8, 3x3) -> relu -> max_pool(2x2);
        tap maps;
        fc: linear(3) -> softmax;
    }

    #[batch(4)]
    pub(crate) SmallBatch4 = Small;

    /// A workspace that would overflow a stack.
    pub(crate) Large: 3x600x600 -> 5 {
        conv(8, 3x3, stride = 2) -> relu -> conv(8, 3x3) -> relu -> global_avg_pool -> linear(5);
    }

    /// Its second layer skips the weights of zeros where it runs for one image.
    pub(crate) Wide: 600 -> 10 {
        linear(600) -> relu -> linear(500) -> relu -> linear(10);
    }

    #[batch(3)]
    pub(crate) WideBatch3 = Wide;

    #[store(f16)]
    pub(crate) WideF16 = Wide;

    #[store(f16)]
    #[batch(3)]
    pub(crate) WideF16Batch3 = Wide;
}

fn file<N: Network>(salt: &str) -> Vec<u8> {
    seeded::weights(N::GRAPH, salt)
}

fn small(salt: &str) -> Arc<SmallWeights> {
    Arc::new(SmallWeights::from_safetensors(&file::<Small<'_>>(salt)).expect("made for the net"))
}

fn image(name: &str) -> [f32; Small::INPUT_LEN] {
    seeded::uniform(name, Small::INPUT_LEN).try_into().expect("of this length")
}

/// Asserts that numbers agree but for rounding.
fn assert_near(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-6 * largest, "{found} {expected}, the largest is {largest}");
    }
}

/// Loads, builds and runs in one function, whatever the net is, and leaks nothing.
fn outputs<N: Network>(file: &[u8], fill: impl Fn(usize) -> f32) -> Result<Vec<f32>, Box<dyn Error>> {
    let mut net = N::new(Arc::new(N::weights(file)?));
    let mut input = N::Input::boxed();
    input.floats_mut().iter_mut().enumerate().for_each(|(index, place)| *place = fill(index));
    let output = net.forward(&input).floats().to_vec();
    assert_eq!(output.len(), N::Output::LEN);
    assert_eq!(N::Input::LEN, N::BATCH * N::INPUT_LEN);
    Ok(output)
}

#[test]
fn generic_code_loads_builds_and_runs() {
    let outputs_of = [
        outputs::<Small<'_>>(&file::<Small<'_>>(""), |index| index as f32),
        outputs::<Large<'_>>(&file::<Large<'_>>(""), |_| 0.5),
        outputs::<SmallBatch4<'_>>(&file::<Small<'_>>(""), |_| 0.5),
    ];
    assert_eq!(outputs_of.map(|output| output.expect("made for the net").len()), [3, 5, 12]);
    assert!(outputs::<Small<'_>>(&file::<Large<'_>>(""), |_| 0.0).is_err());
}

/// A field owns the weights, another the net that reads them.
struct Reader {
    weights: Arc<SmallWeights>,
    net: Small<'static>,
}

impl Reader {
    fn new(file: &[u8]) -> Result<Self, Box<dyn Error>> {
        let weights = Arc::new(SmallWeights::from_safetensors(file)?);
        Ok(Self { net: Small::new(&weights), weights })
    }
}

#[test]
fn a_struct_owns_weights_and_net() {
    let mut reader = Reader::new(&file::<Small<'_>>("")).expect("made for the net");
    assert_eq!(Arc::strong_count(&reader.weights), 2);
    let expected = *Small::new(&*reader.weights).forward(&image("x"));
    let output = thread::spawn(move || *reader.net.forward(&image("x"))).join().expect("it runs");
    assert_eq!(output, expected);
}

#[test]
fn different_nets_are_values_of_one_type() {
    let weights = LargeWeights::from_safetensors(&file::<Large<'_>>("")).expect("made for the net");
    let mut nets: Vec<Box<dyn DynNetwork + Send>> = vec![
        Box::new(Small::new(small(""))),
        Box::new(Large::new(Arc::new(weights))),
        Box::new(SmallBatch4::new(small(""))),
    ];
    let mut lens = Vec::new();
    for net in &mut nets {
        let images = seeded::uniform("x", net.batch() * net.input_len());
        lens.push(net.run(&images).expect("of this length").len() / net.output_len());
    }
    assert_eq!(lens, [1, 1, 4]);
    assert_eq!(nets.iter().map(|net| net.graph().name).collect::<Vec<_>>(), ["Small", "Large", "SmallBatch4"]);
    assert!(nets[0].tap("maps").is_some() && nets[1].tap("maps").is_none());
    assert_eq!(format!("{nets:?}"), "[Small, Large, SmallBatch4]");
}

/// A server: workers with a net each, requests through a channel, and weights that are replaced while it runs.
#[test]
fn weights_are_replaced_in_a_running_server() {
    let current = Arc::new(RwLock::new(small("first")));
    let (requests, queue) = mpsc::channel::<(String, mpsc::Sender<[f32; 3]>)>();
    let queue = Arc::new(Mutex::new(queue));
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let (current, queue) = (Arc::clone(&current), Arc::clone(&queue));
            thread::spawn(move || {
                let mut net = Small::new(&*current.read().expect("no panic"));
                while let Ok((name, reply)) = { queue.lock().expect("no panic").recv() } {
                    net.set_weights(&*current.read().expect("no panic"));
                    reply.send(*net.forward(&image(&name))).expect("it waits for the reply");
                }
            })
        })
        .collect();
    let ask = |name: &str| {
        let (reply, answer) = mpsc::channel();
        requests.send((name.to_owned(), reply)).expect("the workers run");
        answer.recv().expect("a worker answers")
    };
    let old = Arc::downgrade(&current.read().expect("no panic"));
    let before = ask("x");
    assert_eq!(before, *Small::new(small("first")).forward(&image("x")));
    *current.write().expect("no panic") = small("second");
    // Each worker has replaced its weights once each has answered.
    let mut after = [0.0; 3];
    while old.strong_count() > 0 {
        after = ask("x");
    }
    assert_eq!(after, *Small::new(small("second")).forward(&image("x")));
    assert_ne!(after, before);
    drop(requests);
    workers.into_iter().for_each(|worker| worker.join().expect("it ends"));
}

#[test]
fn nets_and_weights_cross_threads() {
    fn is<T: Send + Sync>(_: &T) {}
    let weights = small("");
    is(&weights);
    is(&Small::new(&weights));
    is(&Large::new(Arc::new(LargeWeights::from_safetensors(&file::<Large<'_>>("")).expect("made for the net"))));
    is(&Small::new(&weights).with_pool(Arc::new(Pool::new(2))));
}

#[test]
fn a_clone_has_its_own_workspace_and_the_same_weights() {
    let weights = small("");
    let mut net = Small::new(&weights).with_pool(Arc::new(Pool::new(2)));
    let first = *net.forward(&image("x"));
    let mut other = net.clone();
    assert_eq!(Arc::strong_count(&weights), 3);
    assert_eq!(other.tap_maps(), net.tap_maps());
    let second = *other.forward(&image("y"));
    assert_ne!(other.tap_maps(), net.tap_maps());
    assert_eq!((*net.forward(&image("x")), *net.forward(&image("y"))), (first, second));

    let large = LargeWeights::from_safetensors(&file::<Large<'_>>("")).expect("made for the net");
    let mut net = Large::new(&large);
    let input = seeded::uniform("x", Large::INPUT_LEN);
    assert_eq!(net.clone().run(&input), net.run(&input));
}

#[test]
fn shapes_are_constants() {
    const INPUT: Shape = Large::INPUT;
    let output = [0.0_f32; Large::OUTPUT_LEN];
    assert_eq!((INPUT.elements(), output.len()), (Large::INPUT_LEN, 5));
    assert_eq!(<SmallBatch4<'_> as Network>::INPUT_LEN, 64);
    assert_eq!(SmallBatch4::OUTPUT, Shape::Vector(3));
}

#[test]
fn outputs_go_into_a_slice_of_the_caller() {
    let mut net = Small::new(small(""));
    let mut output = [9.0; 3];
    net.run_into(&image("x"), &mut output).expect("of this length");
    assert_eq!(output, *net.forward(&image("x")));
    let mut batch = SmallBatch4::new(small(""));
    let mut short = [9.0; 5];
    let why = net.run_into(&image("x"), &mut short).expect_err("it is too long");
    assert_eq!((why.side, why.found, short), (Side::Output, 5, [9.0; 5]));
    assert_eq!(why.to_string(), "the net writes 3 numbers, but the slice for them has 5");
    let why = batch.run_into(&[0.0; 128], &mut short).expect_err("two images have six numbers");
    let expected = "the net writes 6 numbers, 3 for each of 2 images, but the slice for them has 5";
    assert_eq!((why.to_string(), short), (expected.to_owned(), [9.0; 5]));
    let why = net.run_into(&[0.0; 63], &mut output).expect_err("it is too short");
    assert_eq!(why.to_string(), "the net reads 64 numbers, but 63 were given");
    for len in [0, 63, 65, 5 * 64] {
        let why = batch.run(&vec![0.0; len]).expect_err("not 1 to 4 images");
        let expected = format!("the net reads 64 numbers for each of up to 4 images, but {len} were given");
        assert_eq!(why.to_string(), expected);
    }
}

/// A small net and a large one, each in a field, on the heap, in a `static`, and in the caller's memory.
#[test]
fn workspaces_are_wherever_they_are_wanted() {
    static SMALL: Mutex<SmallWorkspace> = Mutex::new(SmallWorkspace::new());
    static LARGE: Mutex<LargeWorkspace> = Mutex::new(LargeWorkspace::new());
    struct Owner {
        small: SmallWorkspace,
        large: Box<LargeWorkspace>,
    }
    let mut owner = Owner { small: SmallWorkspace::new(), large: LargeWorkspace::boxed() };

    let (weights, input) = (small(""), image("x"));
    let expected = *Small::new(&weights).forward(&input);
    let mut buffer = SmallWorkspace::new();
    assert_eq!(*Small::with_workspace(&weights, &mut owner.small).forward(&input), expected);
    assert_eq!(*Small::with_workspace(&weights, SmallWorkspace::boxed()).forward(&input), expected);
    assert_eq!(*Small::with_workspace(&weights, SMALL.lock().expect("no panic")).forward(&input), expected);
    assert_eq!(*Small::with_workspace(&*weights, &mut buffer).forward(&input), expected);
    assert_eq!(*<Small<'_> as Network>::forward_in(&weights, &mut buffer, &input), expected);
    let mut net: Box<dyn DynNetwork + '_> = Box::new(Small::with_workspace(&weights, &mut buffer));
    assert_eq!(net.run(&input).expect("of this length"), expected);

    let weights = Arc::new(LargeWeights::from_safetensors(&file::<Large<'_>>("")).expect("made for the net"));
    let input = seeded::uniform("x", Large::INPUT_LEN);
    let expected = Large::new(&weights).run(&input).expect("of this length").to_vec();
    assert_eq!(Large::with_workspace(&weights, &mut *owner.large).run(&input).expect("of this length"), expected);
    assert_eq!(Large::with_workspace(&weights, owner.large).run(&input).expect("of this length"), expected);
    assert_eq!(
        Large::with_workspace(&weights, LARGE.lock().expect("no panic")).run(&input).expect("of this length"),
        expected
    );
}

/// Nets can take turns in one workspace, whatever is left in it.
#[test]
fn nets_share_a_workspace() {
    let mut workspace = SmallWorkspace::new();
    let [first, second] = [small("first"), small("second")];
    let expected = [&first, &second].map(|weights| *Small::new(weights).forward(&image("x")));
    for _ in 0..2 {
        for (weights, expected) in [&first, &second].into_iter().zip(expected) {
            assert_eq!(*Small::with_workspace(weights, &mut workspace).forward(&image("x")), expected);
        }
    }
}

#[test]
fn a_net_for_a_batch_shares_weights_and_takes_fewer_images() {
    let weights = small("");
    let (mut single, mut batch) = (Small::new(&weights), SmallBatch4::new(&weights));
    assert_eq!(Arc::strong_count(&weights), 3);
    let images: Vec<[f32; 64]> = (0..4).map(|index| image(&index.to_string())).collect();
    let expected: Vec<[f32; 3]> = images.iter().map(|image| *single.forward(image)).collect();
    let all = *batch.forward(images.as_slice().try_into().expect("four images"));
    assert_near(all.as_flattened(), expected.as_flattened());
    for count in (1..=4).rev() {
        // Sums may be in another order for another number of images.
        let outputs = batch.forward_partial(&images[..count]).expect("1 to 4 images").to_vec();
        assert_near(outputs.as_flattened(), all[..count].as_flattened());
        let slice = images[..count].as_flattened();
        assert_eq!(batch.run(slice).expect("1 to 4 images"), outputs.as_flattened());
        let mut steps = Vec::new();
        batch.profile(slice, &mut |step| steps.push(step)).expect("1 to 4 images");
        let each = SmallBatch4::STEPS.iter().map(|step| if step.shared { 1 } else { count }).sum::<usize>();
        assert_eq!(steps.len(), each, "{count} images: {steps:?}");
    }
    assert!(batch.forward_partial(&[]).is_err());
    assert!(batch.forward_partial(&[[0.0; 64]; 5]).is_err());
}

/// Any number of images, from an iterator.
#[test]
fn images_come_from_an_iterator() {
    let weights = small("");
    let images: Vec<Vec<f32>> = (0..11).map(|index| image(&index.to_string()).to_vec()).collect();
    let (mut one, mut four) = (Vec::new(), Vec::new());
    Small::new(&weights).run_each(&images, |output| one.push(output.to_vec())).expect("of this length");
    SmallBatch4::new(&weights).run_each(&images, |output| four.push(output.to_vec())).expect("of this length");
    assert_eq!((one.len(), four.len()), (11, 11));
    assert_near(&one.concat(), &four.concat());
    let mut count = 0;
    let short = images.iter().map(Vec::as_slice).take(6).chain([&[0.0; 3][..]]);
    assert!(SmallBatch4::new(&weights).run_each(short, |_| count += 1).is_err());
    assert_eq!(count, 4, "those of the pass before");
    SmallBatch4::new(&weights).run_each([[0.0; 64]; 0], |_| count += 1).expect("nothing to do");
    assert_eq!(count, 4);
}

/// Layers that skip zeros for one image use all weights for several, and these are the same weights.
#[test]
fn layers_that_skip_zeros_share_weights_with_a_batch() {
    fn check<One: Network, Three: Network<Weights = One::Weights>>() {
        let steps =
            [One::STEPS, Three::STEPS].map(|steps| steps.iter().filter(|step| step.algorithm == "nonzero").count());
        assert_eq!(steps, [1, 1], "{}", Three::GRAPH.name);
        let weights = Arc::new(One::weights(&file::<One>("")).expect("made for the net"));
        let (mut one, mut three) = (One::new(&weights), Three::new(&weights).with_pool(Arc::new(Pool::new(2))));
        let images = seeded::uniform("x", 3 * One::INPUT_LEN);
        let found = three.run(&images).expect("three images").to_vec();
        let expected: Vec<f32> = images
            .chunks_exact(One::INPUT_LEN)
            .flat_map(|image| one.run(image).expect("of this length").to_vec())
            .collect();
        assert_near(&found, &expected);
        assert_eq!(three.run(&images[..2 * One::INPUT_LEN]).expect("two images"), &found[..20]);
    }
    check::<Wide<'_>, WideBatch3<'_>>();
    check::<WideF16<'_>, WideF16Batch3<'_>>();
}

//! Training steps of the five nets, by their plans, against PyTorch: the losses and gradients that `tools/torch_nets.py` writes.

#[path = "support/digest.rs"]
mod digest;
#[path = "planned/step.rs"]
mod step;

use std::collections::BTreeMap;

use cnn_compiler::train::Spec;
use cnn_net::graph::{Graph, Node};
use cnn_net::op::Op;
use cnn_runtime::reference::training::{Targets, double};
use cnn_runtime::train::Loss;
use cnn_runtime::weights::{self, Source};
use models::seeded;

use digest::digest;
use step::Machine;

/// Single precision, relative to the norm of a tensor's gradient; elements to its largest.
const NEAR: f64 = 1e-4;

/// Other roundings make other choices, of which a few decide: this many times PyTorch's own error is allowed.
const CHOICES: f64 = 3.0;

/// PyTorch's numbers in double precision.
struct Case {
    images: usize,
    /// How far gradients of PyTorch in single precision are off, relative to their norms: by the choices of ReLU and maxima where
    /// sums are equal but for rounding.
    single: f64,
    loss: f64,
    /// Digests by the names of tensors: of gradients, and of running statistics.
    gradients: BTreeMap<&'static str, Vec<f64>>,
    running: BTreeMap<&'static str, Vec<f64>>,
}

fn case(net: &str) -> Case {
    let text = include_str!("torch/nets.txt");
    let begin = format!("net {net} ");
    let mut lines = text.lines().skip_while(|line| !line.starts_with(&begin));
    let mut words = lines.next().expect("the net")[begin.len()..].split(' ');
    let images = words.next().and_then(|word| word.parse().ok()).expect("a number of images");
    let mut number = || words.next().and_then(|word| word.parse().ok()).expect("a number");
    let mut case =
        Case { images, single: number(), loss: number(), gradients: BTreeMap::new(), running: BTreeMap::new() };
    for line in lines.take_while(|line| !line.starts_with("net ")) {
        let mut words = line.split(' ');
        let tensors = match words.next() {
            Some("gradient") => &mut case.gradients,
            Some("running") => &mut case.running,
            other => panic!("{other:?}"),
        };
        let name = words.next().expect("a name");
        tensors.insert(name, words.map(|number| number.parse().expect("a number")).collect());
    }
    case
}

/// How far a tensor is from PyTorch's digest of it, relative to its norm, and for elements to the largest.
fn error(name: &str, expected: &[f64], found: &[f32]) -> f64 {
    let found: Vec<f64> = found.iter().map(|x| f64::from(*x)).collect();
    let largest = found.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    // The norm, and a product with numbers up to 1, which is hardly larger; then elements.
    let scales = [expected[0], expected[0], largest, largest, largest];
    let errors = expected.iter().zip(digest(name, &found)).zip(scales);
    let errors = errors.map(|((expected, found), scale)| (expected - found).abs() / scale);
    // Written so that a NaN is kept.
    errors.fold(0.0, |most, error| if error <= most { most } else { error })
}

fn check(net: &str, graph: &Graph<'_>) {
    let case = case(net);
    let file = seeded::weights(graph, "nets.");
    let tensors = weights::read(graph, &Source::new(&file)).unwrap_or_else(|error| panic!("{error}"));
    drop(file);
    // What is dropped depends on random numbers.
    let keep_all = |op| if matches!(op, Op::Dropout { .. }) { Op::Dropout { p: 0.0 } } else { op };
    let nodes: Vec<Node<'_>> = graph.nodes.iter().map(|node| Node { op: keep_all(node.op), ..*node }).collect();
    let graph = &Graph { nodes: &nodes, ..*graph };
    let (criteria, frozen) = (vec![Loss::CROSS_ENTROPY.into()], vec![false; nodes.len()]);
    let spec = Spec { images: case.images, criteria, exact: false, frozen };
    let mut machine = Machine::new(graph, &spec, &double(&tensors));
    drop(tensors);

    let image = |image| seeded::uniform(&format!("{net} image {image}"), graph.input().elements());
    let images: Vec<Vec<f32>> = (0..case.images).map(image).collect();
    let images: Vec<&[f32]> = images.iter().map(Vec::as_slice).collect();
    let classes: Vec<u32> = (0..case.images).map(|index| (index * 3 % graph.output().channels()) as u32).collect();
    let (loss, _) = machine.run(&images, &[Targets::Classes(&classes)], 1);
    assert!((loss - case.loss).abs() <= 1e-5 * case.loss, "{loss}, expected {}", case.loss);

    let gradients = machine.gradients();
    assert!(gradients.keys().eq(case.gradients.keys()), "parameters");
    let gradients = gradients.iter().map(|(name, found)| (*name, error(name, &case.gradients[name], found)));
    let running = case.running.iter().map(|(name, running)| (*name, error(name, running, machine.tensor(name))));
    let errors: Vec<(&str, f64)> = gradients.chain(running).collect();
    let most = NEAR.max(CHOICES * case.single);
    let far: Vec<_> = errors.iter().filter(|(_, error)| *error > most || error.is_nan()).collect();
    assert!(far.is_empty(), "{} of {} are off by more than {most}: {far:?}", far.len(), errors.len());
}

#[test]
fn lenet5() {
    check("lenet5", models::LeNet5::GRAPH);
}

#[test]
fn alexnet() {
    check("alexnet", models::AlexNet::GRAPH);
}

#[test]
fn vgg16() {
    check("vgg16", models::Vgg16::GRAPH);
}

#[test]
fn inception_v1() {
    check("inception-v1", models::InceptionV1::GRAPH);
}

#[test]
fn resnet50() {
    check("resnet50", models::ResNet50::GRAPH);
}

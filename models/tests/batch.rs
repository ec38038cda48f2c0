//! Compares nets with eight images per pass with one image at a time; and variants with their nets.

use std::sync::Arc;

use cnn::Network;
use cnn::graph::{Graph, Node};
use cnn::op::{Linear, Op, Store};
use models::{AlexNet, AlexNetBatch8, AlexNetF16, LeNet5, LeNet5Batch8, ResNet50, ResNet50Batch8, seeded};

/// A fully connected layer adds its products in another order than for a single image.
const TOLERANCE: f32 = 1e-5;

/// Compares logits and outputs of a pass over eight different images with those of each image alone.
fn check<Single: Network, Batched: Network>() {
    let file = seeded::weights(Single::GRAPH, "");
    let single = Arc::new(Single::weights(&file).expect("made for the net"));
    let batched = Arc::new(Batched::weights(&file).expect("made for the net"));
    drop(file);
    let (mut single, mut batched) = (Single::new(single), Batched::new(batched));
    assert_eq!((Single::BATCH, Batched::BATCH), (1, 8));
    let images = seeded::uniform("images", 8 * Single::GRAPH.input().elements());
    let outputs = batched.run(&images).expect("as long as eight inputs").to_vec();
    let logits = batched.tap("logits").expect("every net has this tap");
    let each = images.chunks_exact(images.len() / 8).zip(outputs.chunks_exact(outputs.len() / 8));
    for ((image, output), logits) in each.zip(logits.chunks_exact(logits.len() / 8)) {
        assert_close(output, single.run(image).expect("as long as an input"));
        assert_close(logits, single.tap("logits").expect("every net has this tap"));
    }
}

#[track_caller]
fn assert_close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
    for (found, expected) in found.iter().zip(expected) {
        let error = (found - expected).abs();
        assert!(error <= TOLERANCE * largest, "off by {error}, the largest is {largest}");
    }
}

#[test]
fn lenet5() {
    check::<LeNet5<'_>, LeNet5Batch8<'_>>();
}

#[test]
fn alexnet() {
    check::<AlexNet<'_>, AlexNetBatch8<'_>>();
}

#[test]
fn resnet50() {
    check::<ResNet50<'_>, ResNet50Batch8<'_>>();
}

#[test]
fn embedded_weights_of_a_variant_are_those_of_the_net() {
    let (mut single, mut batched) = (LeNet5::embedded(), LeNet5Batch8::embedded());
    let image = [0.5; 32 * 32];
    let expected = single.forward(&image);
    for output in batched.forward(&[image; 8]) {
        assert_close(output, expected);
    }
}

/// A variant has the description of its net, except for the name and the docs.
#[test]
fn batches_are_declared_as_their_nets_are() {
    for (net, variant) in [
        (LeNet5::GRAPH, LeNet5Batch8::GRAPH),
        (AlexNet::GRAPH, AlexNetBatch8::GRAPH),
        (ResNet50::GRAPH, ResNet50Batch8::GRAPH),
    ] {
        assert_eq!(variant.name, format!("{}Batch8", net.name));
        assert_ne!(variant.doc, net.doc);
        assert_eq!(Graph { name: net.name, doc: net.doc, ..*variant }, *net);
    }
    assert_eq!((LeNet5Batch8::PARAMETERS, LeNet5Batch8::MACS), (LeNet5::PARAMETERS, LeNet5::MACS));
}

/// `#[store(f16)]` is in the description, since it changes results.
#[test]
fn half_precision_differs_in_how_linear_layers_are_stored() {
    let stored = |node: &Node<'static>, store| match node.op {
        Op::Linear(linear) => Node { op: Op::Linear(Linear { store, ..linear }), ..*node },
        _ => *node,
    };
    let (net, half) = (AlexNet::GRAPH.nodes, AlexNetF16::GRAPH.nodes);
    assert_ne!(net, half);
    assert_eq!(net.to_vec(), half.iter().map(|node| stored(node, Store::F32)).collect::<Vec<_>>());
}

//! Gradients, against the reference in double precision.

mod activation;
mod batch_norm;
mod conv;
mod dense;
mod dropout;
mod inputs;
mod loss;
mod numbers;
mod order;
mod pack;
mod parameters;

use cnn_net::op::Shape;
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::exec::run::Run;
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::Batch;
use cnn_runtime::reference::Tensor;

use crate::support::{Arena, Rng, index, indices, on_pools};

/// A sum of `terms` products of numbers below 1, each with a rounding of the sum.
fn assert_near(what: &str, found: f32, expected: f64, terms: usize) {
    let tolerance = f64::from(f32::EPSILON) * (terms as f64 + 1.0) * (terms as f64).sqrt();
    assert!((f64::from(found) - expected).abs() <= tolerance, "{what}: {found}, not {expected} +- {tolerance:e}");
}

fn same_bits(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

/// The shape of a map's value.
fn shape(map: &Map) -> Shape {
    Shape::map(map.channels, map.height, map.width)
}

/// The value of a map in the order C, H, W.
fn tensor(map: &Map, ws: &[f32]) -> Tensor {
    let numbers = (0..map.channels)
        .flat_map(|c| (0..map.height).flat_map(move |y| (0..map.width).map(move |x| ws[index(map, y, x, c)])));
    Tensor::new(shape(map), &numbers.collect::<Vec<_>>())
}

/// The workspaces of a minibatch, of which maps are filled.
fn minibatch(rng: &mut Rng, arena: &Arena, maps: &[Map], mut value: impl FnMut(&mut Rng) -> f32) -> (Batch, Vec<f32>) {
    let batch = Batch { images: rng.pick(&[1, 2, 3, 5]), floats: arena.ws.len() + rng.below(9) };
    let mut ws = Vec::new();
    for image in 0..batch.images {
        ws.extend_from_slice(&arena.ws);
        ws.resize((image + 1) * batch.floats, f32::NAN);
        for at in maps.iter().flat_map(indices) {
            ws[image * batch.floats + at] = value(rng);
        }
    }
    (batch, ws)
}

/// The values of a map, for each image.
fn tensors(map: &Map, batch: Batch, ws: &[f32]) -> Vec<Tensor> {
    ws.chunks(batch.floats).map(|ws| tensor(map, ws)).collect()
}

/// Runs a kernel, on several threads too, which must leave the same bits, and gives the floats that it leaves. Those of `ws` outside of
/// `scratch` floats in the workspace of each image stay as they were.
fn run_batch(
    isa: Isa,
    what: &str,
    [ws, shared]: [&[f32]; 2],
    batch: Batch,
    scratch: std::ops::Range<usize>,
    kernel: impl Fn(Run<'_>, &mut [f32], &mut [f32]),
) -> Vec<f32> {
    let run = |run: Run<'_>| {
        let (mut ws, mut shared) = (ws.to_vec(), shared.to_vec());
        kernel(run, &mut ws, &mut shared);
        (ws, shared)
    };
    let (left, found) = run(isa.into());
    on_pools(isa, |pool| assert!(same_bits(&run(pool).1, &found), "{what}: other bits on {pool:?}"));
    for (at, (now, before)) in left.iter().zip(ws).enumerate() {
        let allowed = scratch.contains(&(at % batch.floats));
        assert!(allowed || now.to_bits() == before.to_bits(), "{what}: wrote {at} of the workspaces");
    }
    found
}

/// Panics unless all numbers are as expected, within a tolerance relative to the largest, or to those that are added up, which are
/// not all smaller than this.
fn assert_close(what: &str, found: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.1, |largest: f64, x| largest.max(x.abs()));
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let off = (f64::from(*found) - expected).abs();
        assert!(off <= tolerance * largest, "{what}: {found} at {at}, not {expected}");
    }
}
